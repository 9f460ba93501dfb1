/**
 * Learners: who they are (fixed by seed and number) and what a site knows of them. What only a
 * database file shows (name, address, year of birth) is drawn again from the seed whenever a
 * snapshot is written, so that it takes no memory in between.
 */
import { Random } from './prng.js';
import type { Site } from './profile.js';

export interface Learner {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  /** About normally distributed; decides how often an attempt is right. */
  readonly ability: number;
  readonly ip: string;
  readonly agent: string;
  readonly hasPhone: boolean;
  readonly joinedUs: number;
  /** Logged in at this moment: one session at a time keeps attempts in order. */
  isBusy: boolean;
  /** 0 for somebody who never logged in. */
  lastLoginUs: number;
}

export interface Portrait {
  readonly name: string;
  readonly city: string;
  readonly country: string;
  readonly gender: string;
  readonly yearOfBirth: string;
  readonly education: string;
  readonly language: string;
}

const FIRST = [
  'Ada',
  'Aisha',
  'Bao',
  'Chidi',
  'Daria',
  'Emeka',
  'Fatima',
  'Goran',
  'Hana',
  'Ines',
  'Jorge',
  'Kofi',
  'Lena',
  'Mateo',
  'Nadia',
  'Olu',
  'Priya',
  'Quentin',
  'Rosa',
  'Sven',
  'Tomoko',
  'Uma',
  'Víctor',
  'Wei',
  'Ximena',
  'Yusuf',
  'Zoë',
  'Łukasz',
  'Ольга',
  '美咲',
];

const LAST = [
  'Adeyemi',
  'Bauer',
  'Costa',
  'Dubois',
  'Eriksen',
  'Fernández',
  'García',
  'Haddad',
  'Ivanov',
  'Jansen',
  'Kim',
  'Lopez',
  'Müller',
  'Nguyen',
  "O'Neill",
  'Patel',
  'Quispe',
  'Rossi',
  'Sato',
  'Tanaka',
  'Usman',
  'Varga',
  'Wang',
  'Xu',
  'Yılmaz',
  'Zhang',
  '"Zee" Zane',
];

const AGENTS = [
  'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/30.0.1599.101 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_8_5) AppleWebKit/536.30.1 (KHTML, like Gecko) Version/6.0.5 Safari/536.30.1',
  'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:24.0) Gecko/20100101 Firefox/24.0',
  'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:24.0) Gecko/20100101 Firefox/24.0',
  'Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; WOW64; Trident/6.0)',
  'Mozilla/5.0 (iPad; CPU OS 7_0_2 like Mac OS X) AppleWebKit/537.51.1 (KHTML, like Gecko) Version/7.0 Mobile/11A501 Safari/9537.53',
];

const COUNTRIES = ['US', 'IN', 'GB', 'BR', 'NG', 'DE', 'ES', 'CN', 'JP', 'EG', ''];
const LANGUAGES = ['en', 'es', 'pt', 'hi', 'zh', 'ar', 'de'];
const EDUCATION = ['p', 'm', 'b', 'hs', 'jhs', 'el', 'none', 'other', '', 'NULL'];

export interface LearnerSettings {
  readonly seed: string;
  readonly site: Site;
  readonly index: number;
  readonly joinedUs: number;
}

export function makeLearner({ seed, site, index, joinedUs }: LearnerSettings): Learner {
  const random = Random.of(seed, 'learner', site, index);
  const word = random.pick([
    'kite',
    'robin',
    'maple',
    'quartz',
    'ember',
    'delta',
    'sonnet',
    'atlas',
  ]);
  const glue = random.pick(['', '_', '-', '.']);
  const username = `${word}${glue}${(index * 7 + 1296).toString(36)}`;
  return {
    // prod and edge are separate databases: the same number is another person there.
    id: (site === 'prod' ? 100_001 : 501) + index * 3 + random.below(3),
    username,
    email: `${username}@mail${random.below(9)}.example`,
    ability: random.normal(),
    ip: `${random.between(11, 223)}.${random.below(256)}.${random.below(256)}.${random.between(1, 254)}`,
    agent: random.pick(AGENTS),
    hasPhone: random.chance(0.3),
    joinedUs,
    isBusy: false,
    lastLoginUs: index % 7 === 3 ? 0 : joinedUs,
  };
}

export function portraitOf(seed: string, site: Site, learner: Learner): Portrait {
  const random = Random.of(seed, 'portrait', site, learner.id);
  return {
    name: `${random.pick(FIRST)} ${random.pick(LAST)}`,
    city: random.pick(['Accra', 'Boston', 'Łódź', 'São Paulo', 'Pune', 'Leeds', '']),
    country: random.pick(COUNTRIES),
    gender: random.pick(['f', 'm', 'm', 'f', 'o', '', 'NULL']),
    yearOfBirth: random.chance(0.1) ? 'NULL' : String(random.between(1940, 2000)),
    education: random.pick(EDUCATION),
    language: random.pick(LANGUAGES),
  };
}
