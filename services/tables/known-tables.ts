/**
 * The database file types whose columns are known: by table, the columns in the order in which edX
 * documents them. A file decides by its own header which of them it has; this list only says what
 * type a column gets when a file has it.
 *
 * `name` alone is text; `name:kind` is another kind (see table-columns.ts).
 */
export interface KnownTable {
  readonly about: string;
  readonly columns: string;
}

export const KNOWN_TABLES: Readonly<Record<string, KnownTable>> = {
  auth_user: {
    about: 'Accounts of the users that have an enrolment row in the course.',
    columns:
      'id:int username first_name last_name email password is_staff:flag is_active:flag is_superuser:flag last_login:time date_joined:time status email_key avatar_type country show_country:flag date_of_birth interesting_tags ignored_tags email_tag_filter_strategy:int display_tag_filter_strategy:int consecutive_days_visit_count:int',
  },
  auth_userprofile: {
    about: 'What users said about themselves.',
    columns:
      'id:int user_id:int name language location meta:json courseware gender mailing_address year_of_birth:int level_of_education goals country city bio profile_image_uploaded_at:time state allow_certificate:flag phone_number',
  },
  certificates_generatedcertificate: {
    about: 'Certificates: one row per learner for whom one was computed.',
    columns:
      'id:int user_id:int download_url grade key distinction:flag status:word verify_uuid download_uuid name created_date:time modified_date:time error_reason mode:word',
  },
  courseware_studentmodule: {
    about: 'The state of each learner in each course block; one row per block and learner.',
    columns:
      'id:int module_type:word module_id student_id:int state:json grade:float created:time modified:time max_grade:float done:word',
  },
  student_courseenrollment: {
    about: 'Enrolments: the first time, and whether it still stands.',
    columns: 'id:int user_id:int created:time is_active:flag mode:word',
  },
  user_id_map: {
    about: 'Site-wide anonymous ids of users.',
    columns: 'hash_id id:int username',
  },
  wiki_article: {
    about: 'Wiki articles; every run of a course number delivers the same ones.',
    columns:
      'id:int current_revision_id:int created:time modified:time owner_id:int group_id:int group_read:flag group_write:flag other_read:flag other_write:flag',
  },
  forum_post: {
    about: 'Forum threads, responses and comments, one row per post.',
    columns:
      'id kind:word author_id:int author_username retired_username title body:json thread_id parent_id parent_ids:list commentable_id:word thread_type:word context:word group_id:int anonymous:flag anonymous_to_peers:flag visible:flag pinned:flag closed:flag endorsed:flag comment_count:int depth:int created_at:time updated_at:time last_activity_at:time votes_up:list votes_down:list abuse_flaggers:list historical_abuse_flaggers:list endorsement:json sort_key document:json',
  },
  wiki_articlerevision: {
    about: 'Revisions of wiki articles with their text.',
    columns:
      'id:int revision_number:int user_message automatic_log ip_address user_id:int modified:time created:time previous_revision_id:int deleted:flag locked:flag article_id:int content:json title',
  },
  course_structure: {
    about: 'The blocks of the course, one row per block.',
    columns: 'id category:word display_name parent children:list metadata:json',
  },
  email_opt_in: {
    about: 'Consent to e-mail, one row per learner and course.',
    columns:
      'user_id:int username email full_name is_opted_in_for_email:truth preference_set_datetime:time',
  },
  user_api_usercoursetag: {
    about: 'Groups of learners in experiments (A/B tests).',
    columns: 'id:int user_id:int key value',
  },
  student_languageproficiency: {
    about: 'Languages that users say they know.',
    columns: 'id:int user_profile_id:int code:word',
  },
  verify_student_verificationstatus: {
    about: 'Identity verification at checkpoints (retired in 2018).',
    columns: 'timestamp:time status:word checkpoint_location user_id:int',
  },
  teams_courseteam: {
    about: 'Teams of learners.',
    columns:
      'id:int team_id name topic_id date_created:time description country language discussion_topic_id last_activity_at:time team_size:int organization_protected:flag',
  },
  teams_courseteammembership: {
    about: 'Who is in which team.',
    columns: 'id:int user_id:int team_id:int date_joined:time last_activity_at:time',
  },
  student_anonymoususerid: {
    about: 'Anonymous ids of users in the course, as open response assessment uses them.',
    columns: 'id:int user_id:int anonymous_user_id',
  },
  student_courseaccessrole: {
    about: 'Roles of the course team.',
    columns: 'org user_id:int role:word',
  },
  django_comment_client_role_users: {
    about: 'Roles in the forum, one row per enrolled user.',
    columns: 'user_id:int name:word',
  },
  grades_persistentcoursegrade: {
    about: 'Course grades as last computed.',
    columns:
      'user_id:int course_edited_timestamp:time grading_policy_hash percent_grade:float letter_grade passed_timestamp:time created:time modified:time',
  },
  grades_persistentsubsectiongrade: {
    about: 'Grades of attempted subsections.',
    columns:
      'user_id:int usage_key earned_all:float possible_all:float earned_graded:float possible_graded:float first_attempted:time created:time modified:time',
  },
  credit_crediteligibility: {
    about: 'Eligibility for academic credit.',
    columns: 'id:int created:time modified:time username deadline:time',
  },
  course_groups_cohortmembership: {
    about: 'Cohorts of learners.',
    columns: 'user_id:int group_type:word name',
  },
  assessment_assessment: {
    about: 'Open response assessment: assessments given.',
    columns:
      'id:int submission_uuid scored_at:time scorer_id score_type:word feedback rubric_id:int',
  },
  assessment_assessmentfeedback: {
    about: 'Open response assessment: feedback of learners on assessments.',
    columns: 'id:int submission_uuid feedback_text',
  },
  assessment_assessmentfeedback_assessments: {
    about: 'Open response assessment: which assessments a feedback is about.',
    columns: 'id:int assessmentfeedback_id:int assessment_id:int',
  },
  assessment_assessmentfeedback_options: {
    about: 'Open response assessment: options chosen in a feedback.',
    columns: 'id:int assessmentfeedback_id:int assessmentfeedbackoption_id:int',
  },
  assessment_assessmentfeedbackoption: {
    about: 'Open response assessment: options that a feedback can choose.',
    columns: 'id:int text',
  },
  assessment_assessmentpart: {
    about: 'Open response assessment: the parts of an assessment, one per criterion.',
    columns: 'id:int feedback assessment_id:int criterion_id:int option_id:int',
  },
  assessment_criterion: {
    about: 'Open response assessment: criteria of rubrics.',
    columns: 'id:int name label order_num:int prompt rubric_id:int',
  },
  assessment_criterionoption: {
    about: 'Open response assessment: options of criteria.',
    columns: 'id:int order_num:int points:int name label explanation criterion_id:int',
  },
  assessment_rubric: {
    about: 'Open response assessment: rubrics.',
    columns: 'id:int content_hash structure_hash',
  },
  assessment_peerworkflow: {
    about: 'Open response assessment: progress of a learner through peer assessment.',
    columns:
      'id:int student_id item_id submission_uuid created_at:time completed_at:time grading_completed_at:time cancelled_at:time',
  },
  assessment_peerworkflowitem: {
    about: 'Open response assessment: one submission given to one peer.',
    columns:
      'id:int submission_uuid started_at:time scored:flag assessment_id:int author_id:int scorer_id:int',
  },
  assessment_studenttrainingworkflow: {
    about: 'Open response assessment: progress of a learner through training.',
    columns: 'id:int submission_uuid student_id item_id',
  },
  assessment_studenttrainingworkflowitem: {
    about: 'Open response assessment: one training example given to one learner.',
    columns:
      'id:int order_num:int started_at:time completed_at:time training_example_id:int workflow_id:int',
  },
  assessment_trainingexample: {
    about: 'Open response assessment: training examples.',
    columns: 'id:int raw_answer:json content_hash rubric_id:int',
  },
  assessment_trainingexample_options_selected: {
    about: 'Open response assessment: options chosen by the course team in an example.',
    columns: 'id:int trainingexample_id:int criterionoption_id:int',
  },
  submissions_studentitem: {
    about: 'Open response assessment: a learner and an item that takes submissions.',
    columns: 'id:int student_id item_id item_type:word',
  },
  submissions_submission: {
    about: 'Open response assessment: submissions.',
    columns:
      'id:int uuid attempt_number:int submitted_at:time created_at:time raw_answer:json student_item_id:int status:word team_submission_id:int',
  },
  submissions_score: {
    about: 'Open response assessment: scores.',
    columns:
      'id:int points_earned:int points_possible:int created_at:time reset:flag student_item_id:int submission_id:int',
  },
  submissions_scoresummary: {
    about: 'Open response assessment: the highest and the latest score of an item.',
    columns: 'id:int highest_id:int latest_id:int student_item_id:int',
  },
  workflow_assessmentworkflow: {
    about: 'Open response assessment: where a submission stands.',
    columns:
      'id:int created:time modified:time status:word status_changed:time submission_uuid uuid item_id',
  },
  workflow_assessmentworkflowstep: {
    about: 'Open response assessment: the steps of that.',
    columns:
      'id:int name:word submitter_completed_at:time assessment_completed_at:time order_num:int workflow_id:int skipped:flag',
  },
};
