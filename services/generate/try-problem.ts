/**
 * A learner tries a problem. One attempt is four lines: what the browser says it sends, the explicit
 * event with the marks, the request itself (the implicit twin), and what the browser got back.
 */
import { SECOND_US } from './calendar.js';
import type { Problem } from './course-outline.js';
import { answersJson, correctMapJson, inputIds, stateJson } from './problem-json.js';
import type { Actor } from './schedule.js';
import { escapeJson, pythonJson, type Session } from './session.js';
import { pointsOf, problemState } from './world.js';

const ATTEMPTS_MAX = 5;

export function* tryProblem(session: Session, problem: Problem, page: string): Actor {
  const { random, world, enrolment } = session;
  const state = problemState(world, enrolment, problem, session.nowUs);
  while (state.attempts < ATTEMPTS_MAX && pointsOf(state) < problem.inputs) {
    yield random.exponential(60) * SECOND_US + SECOND_US;
    // Half a minute before the end is too late: the answer has to arrive in time.
    if (session.nowUs > session.course.endUs - 30 * SECOND_US) return;
    const before = stateJson(problem, state);
    // Every attempt teaches a little, so later ones succeed more often.
    const chance =
      1 /
      (1 + Math.exp(problem.difficulty - enrolment.learner.ability - 0.8 - 0.5 * state.attempts));
    const correct = Array.from({ length: problem.inputs }, () => random.chance(chance));
    const answers = correct.map((isCorrect) => answerOf(session, problem, isCorrect));
    const ids = inputIds(problem);
    const form = ids
      .map((id, input) => `${id}=${encodeURIComponent(answers[input] ?? '')}`)
      .join('&');
    session.browser('problem_check', `\\"${escapeJson(escapeJson(form))}\\"`, page);
    yield random.between(30, 300) * 1000;

    const { nowUs } = session;
    state.attempts++;
    state.correct = correct;
    state.answers = answers;
    state.modifiedUs = nowUs;
    const points = pointsOf(state);
    const success = points === problem.inputs ? 'correct' : 'incorrect';
    const submission = ids
      .map(
        (id, input) =>
          `"${id}": {"input_type": "choicegroup", "question": "${problem.displayName}: which of these holds?", "response_type": "multiplechoiceresponse", "answer": ${pythonJson(answers[input] ?? '')}, "variant": "", "correct": ${correct[input] === true}}`,
      )
      .join(', ');
    session.server(
      'problem_check',
      `{"submission": {${submission}}, "success": "${success}", "grade": ${points}, "correct_map": ${correctMapJson(problem, correct)}, "state": ${before}, "answers": ${answersJson(problem, answers)}, "attempts": ${state.attempts}, "max_grade": ${problem.inputs}, "problem_id": "${problem.usageId}"}`,
      problem,
    );
    yield random.between(1, 20) * 1000;
    const post = ids.map((id, input) => `"input_${id}": [${pythonJson(answers[input] ?? '')}]`);
    session.request(problem.handlerPath, `{${post.join(', ')}}`);
    yield random.between(50, 900) * 1000;
    const html = `<div class=\\"problem\\"><section class=\\"${success}\\"><p>${problem.displayName}</p></section></div>`;
    session.browser(
      'problem_graded',
      `[\\"${escapeJson(escapeJson(form))}\\", \\"${escapeJson(html)}\\"]`,
      page,
    );
    if (success === 'incorrect' && random.chance(0.25)) break;
  }
  if (state.attempts > 0 && pointsOf(state) < problem.inputs && random.chance(0.3)) {
    yield random.exponential(10) * SECOND_US;
    session.browser('problem_show', `{\\"problem\\": \\"${problem.usageId}\\"}`, page);
    session.server('showanswer', `{"problem_id": "${problem.usageId}"}`, problem);
  }
}

/** One text for each choice, shared by all states: they are most of what a run keeps in memory. */
const CHOICES = ['choice_0', 'choice_1', 'choice_2', 'choice_3'] as const;
const WRONG_TEXTS = ['x\t= "?"', 'C:\\x', 'no idea'] as const;

function answerOf({ random }: Session, problem: Problem, isCorrect: boolean): string {
  // Some problems take text, which may hold a line feed, a tab or letters beyond ASCII.
  if (problem.index % 5 === 4) {
    return isCorrect ? 'x = 4\ny = √2' : random.pick(WRONG_TEXTS);
  }
  const right = problem.index % CHOICES.length;
  const choice = isCorrect ? right : right + random.between(1, CHOICES.length - 1);
  return CHOICES[choice % CHOICES.length] ?? CHOICES[0];
}
