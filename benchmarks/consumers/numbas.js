// Marks hand-ins with the Numbas runtime: node numbas.js FOLDER_OF_NUMBAS < {"exam": "...", "answers": [["0.5", ...], ...]}
const folder = process.argv[2];
for (const file of ['numbas-runtime', 'locales', 'marking_scripts']) {
    require(`${folder}/tests/${file}.js`);
}
const log = console.log;
console.log = () => {};
global.alert = () => {};
const job = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const exam = JSON.parse(job.exam.replace(/^\/\/ Numbas version: [^\n]*\n/, ''));
const parts = ['jme', 'numberentry', 'matrixentry', 'multipleresponse', 'patternmatch', 'gapfill'].map(part => `parts/${part}`);
Numbas.queueScript('base', [], () => {});
Numbas.queueScript('hand_ins', ['json', 'jme', 'localisation', 'question', 'marking_scripts', ...parts], async () => {
    Numbas.locale.set_preferred_locale('en-GB');
    Numbas.locale.init();
    Numbas.debug = () => {};
    const found = [];
    for (const answers of job.answers) {
        const scope = new Numbas.jme.Scope(Numbas.jme.builtinScope);
        const question = Numbas.createQuestionFromJSON(exam.question_groups[0].questions[0], 0, null, null, scope);
        question.generateVariables();
        await question.signals.on('ready');
        const part = question.parts[0];
        part.gaps.forEach((gap, place) => {
            const typed = answers[place];
            gap.storeAnswer(gap.type === '1_n_2' ? gap.settings.matrix.map((_, choice) => [choice === typed]) : typed);
            gap.setStudentAnswer();
        });
        const before = process.cpuUsage().user;
        part.submit();
        const seconds = (process.cpuUsage().user - before) / 1e6;
        const messages = part.gaps.flatMap(gap => gap.markingFeedback.map(one => one.message || ''));
        found.push({score: part.score / part.marks, messages: messages, seconds: seconds, credits: part.gaps.map(gap => gap.credit)});
    }
    log(JSON.stringify(found));
    process.exit(0);
});
Numbas.tryInit();
