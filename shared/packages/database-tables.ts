/**
 * The types of database files, by the token that stands in their names. The first eight are of
 * 2013; the others came one by one until 2018. `forum_post` has no token: its files end `.mongo`.
 * Aliases are names that edX's guide and edX's exporter use for the same table.
 */
export const DATABASE_TABLES = [
  'auth_user',
  'auth_userprofile',
  'certificates_generatedcertificate',
  'courseware_studentmodule',
  'student_courseenrollment',
  'user_id_map',
  'wiki_article',
  'wiki_articlerevision',
  'user_api_usercoursetag',
  'course_structure',
  'course',
  'student_languageproficiency',
  'verify_student_verificationstatus',
  'teams_courseteam',
  'teams_courseteammembership',
  'student_anonymoususerid',
  'student_courseaccessrole',
  'django_comment_client_role_users',
  'email_opt_in',
  'grades_persistentcoursegrade',
  'grades_persistentsubsectiongrade',
  'credit_crediteligibility',
  'course_groups_cohortmembership',
  'stack_exchange',
  'assessment_assessment',
  'assessment_assessmentfeedback',
  'assessment_assessmentfeedback_assessments',
  'assessment_assessmentfeedback_options',
  'assessment_assessmentfeedbackoption',
  'assessment_assessmentpart',
  'assessment_criterion',
  'assessment_criterionoption',
  'assessment_rubric',
  'assessment_peerworkflow',
  'assessment_peerworkflowitem',
  'assessment_studenttrainingworkflow',
  'assessment_studenttrainingworkflowitem',
  'assessment_trainingexample',
  'assessment_trainingexample_options_selected',
  'submissions_studentitem',
  'submissions_submission',
  'submissions_score',
  'submissions_scoresummary',
  'workflow_assessmentworkflow',
  'workflow_assessmentworkflowstep',
] as const;

/** Token in a file name → table. The exporter writes the short names, the guide the long ones. */
export const TABLE_ALIASES: Readonly<Record<string, string>> = {
  teams: 'teams_courseteam',
  teams_membership: 'teams_courseteammembership',
};

/** Every token that can stand in a name. */
export const TABLE_TOKENS: readonly string[] = [...DATABASE_TABLES, ...Object.keys(TABLE_ALIASES)];
