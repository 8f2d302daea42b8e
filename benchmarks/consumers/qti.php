<?php
// Marks hand-ins to one QTI item with OAT's qti-sdk: php qti.php FOLDER_OF_QTI_SDK < {"item": "...", "answers": [{"R1": "0.5"}]}
spl_autoload_register(function ($name) use ($argv) {
    $file = $argv[1] . '/src/' . str_replace('\\', '/', $name) . '.php';
    if (is_file($file)) {
        require $file;
    }
});

use qtism\common\datatypes\QtiFloat;
use qtism\common\datatypes\QtiIdentifier;
use qtism\common\datatypes\QtiString;
use qtism\common\enums\BaseType;
use qtism\common\enums\Cardinality;
use qtism\data\storage\xml\XmlDocument;
use qtism\runtime\common\ResponseVariable;
use qtism\runtime\common\State;
use qtism\runtime\tests\AssessmentItemSession;
use qtism\runtime\tests\SessionManager;

$job = json_decode(stream_get_contents(STDIN), true);
$document = new XmlDocument();
$document->loadFromString($job["item"]);
$item = $document->getDocumentComponent();
$kinds = [];
foreach ($item->getResponseDeclarations() as $declared) {
    $kinds[$declared->getIdentifier()] = $declared->getBaseType();
}
$found = [];
foreach ($job['answers'] as $answers) {
    $session = new AssessmentItemSession($item);
    $session->beginItemSession();
    $session->beginAttempt();
    $given = [];
    foreach ($answers as $name => $typed) {
        $value = match ($kinds[$name]) {
            BaseType::FLOAT => is_numeric($typed) ? new QtiFloat((float) $typed) : null,
            BaseType::IDENTIFIER => new QtiIdentifier($typed),
            default => new QtiString($typed),
        };
        $given[] = new ResponseVariable($name, Cardinality::SINGLE, $kinds[$name], $value);
    }
    $session->endAttempt(new State($given));
    $shown = [];
    foreach ($session['FEEDBACK'] ?? [] as $one) {
        $shown[] = (string) $one;
    }
    $found[] = ['score' => $session['SCORE']->getValue() / $session['MAXSCORE']->getValue(), 'feedback' => $shown];
}
echo json_encode($found);
