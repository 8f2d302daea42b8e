<?php
// Marks hand-ins to a cloze question with Moodle's own reader of its text and its own ranges of numbers:
// php moodle.php FOLDER_OF_MOODLE < {"text": "...", "answers": [["0.5", ...], ...]}
define('FORMAT_HTML', '1');
$types = $argv[1] . '/question/type';
class qtype_multichoice_base
{
    const LAYOUT_DROPDOWN = 0;
    const LAYOUT_VERTICAL = 1;
    const LAYOUT_HORIZONTAL = 2;
}
class question_answer
{
    public function __construct(public $id, public $answer, public $fraction, public $feedback, public $feedbackformat)
    {
    }
}
// The files as they stand, from the place on that needs nothing else of Moodle.
$reader = file_get_contents($types . '/multianswer/questiontype.php');
eval(substr($reader, strpos($reader, "define('ANSWER_ALTERNATIVE_FRACTION_REGEX'")));
$numbers = file_get_contents($types . '/numerical/question.php');
eval(substr($numbers, strpos($numbers, 'class qtype_numerical_answer extends')));

$job = json_decode(stream_get_contents(STDIN), true);
$question = qtype_multianswer_extract_question(['text' => $job['text'], 'format' => FORMAT_HTML, 'itemid' => 0]);
$found = [];
foreach ($job['answers'] as $answers) {
    $earned = 0;
    $feedback = [];
    foreach (array_values($question->options->questions) as $place => $part) {
        $best = 0;
        foreach ($part->answer as $number => $answer) {
            $fraction = (float) $part->fraction[$number];
            if ($part->qtype === 'numerical') {
                $one = new qtype_numerical_answer($number, $answer, $fraction, '', FORMAT_HTML, $part->tolerance[$number]);
                $met = is_numeric($answers[$place]) && $one->within_tolerance((float) $answers[$place]);
            } else {
                $text = html_entity_decode(is_array($answer) ? $answer['text'] : $answer, ENT_QUOTES, 'UTF-8');
                $met = strcasecmp(trim($text), trim($answers[$place])) === 0;
            }
            if ($met) {
                $best = $fraction;
                $feedback[] = $part->feedback[$number]['text'];
                break;
            }
        }
        $earned += $best * $part->defaultmark;
    }
    $hints = array_map(fn($part) => array_column($part->feedback, 'text'), array_values($question->options->questions));
    $found[] = ['score' => $earned / $question->defaultmark, 'feedback' => array_values(array_filter($feedback)),
                'fields' => count($question->options->questions), 'hints' => array_values(array_unique(array_merge(...$hints)))];
}
echo json_encode($found);
