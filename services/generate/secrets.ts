/**
 * Passwords that learners type, and the requests that carry them. Some hold what JSON escapes, and
 * one form is long enough to be cut inside the password.
 */
import type { Learner } from './people.js';
import type { Random } from './prng.js';
import { pythonJson } from './session.js';

/** JSON text of a password. */
function passwordJson(random: Random): string {
  const word = random.pick([
    'tulip',
    'Hunter',
    'correct horse',
    'pa"ss',
    'back\\slash',
    'café',
    '日本',
  ]);
  return pythonJson(`${word}${random.below(10_000)}`);
}

export function loginPost(learner: Learner, random: Random): string {
  return `{"email": ["${learner.email}"], "password": [${passwordJson(random)}], "remember": ["false"]}`;
}

export function createAccountPost(learner: Learner, random: Random): string {
  return `{"username": ["${learner.username}"], "email": ["${learner.email}"], "password": [${passwordJson(random)}], "name": ["${learner.username}"], "level_of_education": ["b"], "gender": ["f"], "year_of_birth": ["1985"], "terms_of_service": ["true"], "honor_code": ["true"]}`;
}

export function changePasswordPost(random: Random): string {
  return `{"old_password": [${passwordJson(random)}], "new_password1": [${passwordJson(random)}], "new_password2": [${passwordJson(random)}]}`;
}

export function resetPasswordPost(random: Random): string {
  return `{"password1": [${passwordJson(random)}], "password2": [${passwordJson(random)}]}`;
}

/** A form whose password begins shortly before character 512 and goes on after it. */
export function cutPasswordPost(learner: Learner, random: Random): string {
  const head = `{"username": ["${learner.username}"], "mailing_address": ["`;
  const middle = '"], "password": ["';
  const before = '{"POST": '.length + head.length + middle.length;
  const padding = 'Elm Street 12, '.repeat(40).slice(0, 512 - before - random.between(1, 6));
  return `${head}${padding}${middle}Hunter${random.below(10_000)}", "x"]}`;
}
