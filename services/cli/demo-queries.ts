/** Three questions that need events and database tables together, to show what the warehouse is for. */

export interface DemoQuery {
  readonly shows: string;
  readonly sql: string;
}

export const DEMO_QUERIES: readonly DemoQuery[] = [
  {
    shows:
      'Who takes part: learners enrolled by mode, how many of them did anything, and how much.',
    sql: `SELECT e.mode AS mode, count() AS enrolled, countIf(a.events > 0) AS active,
       round(sum(a.events) / active) AS events_each
FROM student_courseenrollment AS e
LEFT JOIN (SELECT site, course_id, user_id, count() AS events FROM events GROUP BY ALL) AS a
  ON a.site = e.site AND a.course_id = e.course_id AND a.user_id = e.user_id
WHERE e.is_active = 1
GROUP BY mode ORDER BY enrolled DESC`,
  },
  {
    shows: 'What those did who earned a certificate, beside those who did not.',
    sql: `SELECT c.status AS certificate, count() AS learners, round(avg(toFloat64(c.grade)), 2) AS grade,
       round(avg(a.videos), 1) AS videos_played, round(avg(a.attempts), 1) AS attempts
FROM certificates_generatedcertificate AS c
LEFT JOIN (SELECT site, course_id, user_id, countIf(event_type = 'play_video') AS videos,
             countIf(event_type = 'problem_check' AND event_source = 'server') AS attempts
           FROM events GROUP BY ALL) AS a
  ON a.site = c.site AND a.course_id = c.course_id AND a.user_id = c.user_id
GROUP BY certificate ORDER BY grade DESC`,
  },
  {
    shows:
      'How often an answer is right, by year of birth; the answers come from the JSON of the line.',
    sql: `SELECT intDiv(p.year_of_birth, 10) * 10 AS born_from, uniqExact(e.site, e.user_id) AS learners,
       count() AS attempts,
       round(100 * countIf(JSONExtractString(substring(e.raw, e.json_at + 1), 'event', 'success')
             = 'correct') / attempts) AS correct_percent
FROM events AS e
INNER JOIN auth_userprofile AS p ON p.site = e.site AND p.user_id = e.user_id
WHERE e.event_type = 'problem_check' AND e.event_source = 'server'
GROUP BY born_from ORDER BY born_from`,
  },
];
