import { expect, test } from 'vitest';
import { knownColumns } from './table-columns.js';
import { createLatestView, createSnapshotsTable } from './table-statements.js';

/** The eight types of 2013 exist in every warehouse; their order here numbers their files. */
const ORIGINAL_TABLES = [
  'auth_user',
  'auth_userprofile',
  'certificates_generatedcertificate',
  'courseware_studentmodule',
  'forum_post',
  'student_courseenrollment',
  'user_id_map',
  'wiki_article',
];

test.each(ORIGINAL_TABLES)('the files of %s are what is made here (vitest -u)', async (table) => {
  const number = 210 + 2 * ORIGINAL_TABLES.indexOf(table);
  const columns = knownColumns(table);
  const folder = '../../shared/warehouse/schema';
  await expect(`${createSnapshotsTable(table, columns)}\n`).toMatchFileSnapshot(
    `${folder}/${number}_${table}_snapshots.sql`,
  );
  await expect(`${createLatestView(table, columns)}\n`).toMatchFileSnapshot(
    `${folder}/${number + 1}_${table}.sql`,
  );
});
