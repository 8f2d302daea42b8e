<?php
// Marks hand-ins with STACK's own code and Maxima: php stack.php FOLDER_OF_STACK FOLDER_TO_WRITE_IN < {"question": ..., "seed": 1, "answers": [{"ans1_sub_0_0": "0.5"}]}
[, $stack, $data] = $argv;
$CFG = new stdClass();
$PAGE = new stdClass();
foreach (['/stack/logs', '/stack/tmp', '/stack/plots', '/work', '/moodle/question/type'] as $folder) {
    @mkdir($data . $folder, 0777, true);
}
@symlink($stack, $data . '/moodle/question/type/stack');
$settings = [
    'stackapi' => true, 'wwwroot' => $stack, 'dirroot' => $data . '/moodle', 'libdir' => $stack . '/api/emulation/libdir', 'dataroot' => $data, 'dataurl' => '',
    'maximacommand' => 'maxima', 'maximaversion' => '5.46.0', 'platform' => 'linux', 'maximacommandopt' => '',
    'maximacommandserver' => '', 'maximalocalfolder' => $data . '/maxima/', 'castimeout' => 60, 'casdebugging' => 0,
    'casresultscache' => 'none', 'maximalibraries' => '',
];
$sample = file_get_contents($stack . '/api/config_sample.txt');
$sample = preg_replace('/^<\?php|\$CFG = new stdClass;|\$PAGE = new stdClass;/m', '', $sample);
file_put_contents($data . '/config.php', "<?php\nglobal \$CFG, \$PAGE;\n" . $sample . "\nforeach (json_decode('"
    . json_encode($settings, JSON_UNESCAPED_SLASHES) . "') as \$name => \$value) { \$CFG->\$name = \$value; }\n");
chdir($data . '/work');
error_reporting(E_ERROR);
spl_autoload_register(function ($name) use ($stack) {
    $file = $stack . '/' . str_replace('\\', '/', $name) . '.php';
    if (is_file($file)) {
        require_once $file;
    }
});
require_once $data . '/config.php';
require_once $stack . '/api/emulation/MoodleEmulation.php';
$job = json_decode(stream_get_contents(STDIN), true);
class YamlThatPythonRead
{
    public static array $defaults;
    public static function parse($text)
    {
        return self::$defaults;
    }
    public static function parseFile($file)
    {
        return self::$defaults;
    }
}
YamlThatPythonRead::$defaults = $job['defaults'];
class_alias('YamlThatPythonRead', 'Symfony\Component\Yaml\Yaml');
require_once $stack . '/api/util/StackQuestionLoader.php';
require_once $stack . '/api/util/StackSeedHelper.php';
file_put_contents(stack_cas_configuration::maximalocal_location(), stack_cas_configuration::generate_maximalocal_contents());
$found = [];
foreach ($job['answers'] as $answers) {
    $question = api\util\StackQuestionLoader::loadxml($job['question'])['question'];
    api\util\StackSeedHelper::initialize_seed($question, $job['seed']);
    $question->initialise_question_from_seed();
    $question->castextprocessor = new castext2_qa_processor(new stack_outofcontext_process());
    $errors = array_map('strval', array_keys($question->runtimeerrors));
    $score = 0;
    $weights = $question->get_parts_and_weights();
    $notes = [];
    $feedback = '';
    foreach (array_keys($question->inputs) as $name) {
        $state = $question->get_input_state($name, $answers);
        if ($state->errors || $state->status === 'invalid') {
            $errors[] = $name . ': ' . $state->status . ' ' . $state->errors;
        }
    }
    foreach ($question->prts as $name => $tree) {
        $result = $question->get_prt_result($name, $answers, true);
        array_push($errors, ...array_values((array) $result->get_errors()));
        $score += $weights[$name] * (float) $result->get_score();
        $notes[$name] = $result->get_score();
        $feedback .= $result->apply_placeholder_holder((string) $result->get_feedback());
    }
    $text = $question->questiontextinstantiated->get_rendered($question->castextprocessor);
    $found[] = ['score' => $score, 'errors' => $errors, 'scores' => $notes, 'feedback' => $feedback, 'text' => $text];
}
echo json_encode($found, JSON_INVALID_UTF8_SUBSTITUTE), json_last_error_msg() === 'No error' ? '' : json_last_error_msg();
