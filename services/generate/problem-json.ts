/** JSON of answers and marks, the same text in a log line and in courseware_studentmodule. */
import type { Problem } from './course-outline.js';
import { pythonJson } from './session.js';
import type { ProblemState } from './world.js';

export function inputIds(problem: Problem): string[] {
  return Array.from(
    { length: problem.inputs },
    (_, input) => `${problem.inputStem}_${input + 2}_1`,
  );
}

export function answersJson(problem: Problem, answers: readonly string[]): string {
  const members = inputIds(problem)
    .slice(0, answers.length)
    .map((id, input) => `"${id}": ${pythonJson(answers[input] ?? '')}`);
  return `{${members.join(', ')}}`;
}

export function correctMapJson(problem: Problem, correct: readonly boolean[]): string {
  const members = inputIds(problem)
    .slice(0, correct.length)
    .map(
      (id, input) =>
        `"${id}": {"hint": "", "hintmode": null, "correctness": "${correct[input] === true ? 'correct' : 'incorrect'}", "npoints": null, "answervariable": null, "msg": "", "queuestate": null}`,
    );
  return `{${members.join(', ')}}`;
}

/** The `state` of a problem as it stands in the log before an attempt. */
export function stateJson(problem: Problem, state: ProblemState): string {
  const inputState = inputIds(problem)
    .map((id) => `"${id}": {}`)
    .join(', ');
  return `{"student_answers": ${answersJson(problem, state.answers)}, "seed": 1, "done": ${state.attempts > 0 ? 'true' : 'null'}, "correct_map": ${correctMapJson(problem, state.correct)}, "input_state": {${inputState}}}`;
}
