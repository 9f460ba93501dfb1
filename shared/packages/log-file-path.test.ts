import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keep } from '#shared/outcome';
import {
  formatLogFilePath,
  isServerDirectory,
  parseLogFilePath,
} from '#shared/packages/log-file-path';

test.each([
  // path, organization, site, server, day, gzip
  ['prod-edxapp-003/2013-10-22_UniversityA.log.gpg', 'UniversityA', 'prod', 'prod-edxapp-003'],
  ['./prod-edxapp-003/2013-10-22_UniversityA.log.gpg', 'UniversityA', 'prod', 'prod-edxapp-003'],
  ['HarvardX/prod-edxapp-003/2013-10-22_HarvardX.log.gpg', 'HarvardX', 'prod', 'prod-edxapp-003'],
  ['a/HSPH/prod-edx-002/2013-10-22_HSPH.log.gpg', 'HSPH', 'prod', 'prod-edx-002'],
  ['X/prod-edge-edxapp-001/2013-10-22_X.log.gpg', 'X', 'edge', 'prod-edge-edxapp-001'],
  ['X/edge-edxapp-001/2013-10-22_X.log', 'X', 'edge', 'edge-edxapp-001'],
  ['prod-edge-i0fa8b2/2013-10-22-X.log.gpg', 'X', 'edge', 'prod-edge-i0fa8b2'],
  ['prod-worker_7.b/2013-10-22-Harvard_DCE.log.gpg', 'Harvard_DCE', 'prod', 'prod-worker_7.b'],
  ['2013-10-27-X-tracking/prod-edxapp-003/2013-10-22_X.log.gpg', 'X', 'prod', 'prod-edxapp-003'],
  ['prod-edxapp-003/2013/2013-10-22_X.log.gpg', 'X', 'prod', 'prod-edxapp-003'],
  ['UniversityA/app-7f3c/2013-10-22_UniversityA.log.gpg', 'UniversityA', 'prod', 'app-7f3c'],
  ['2013-10-22_UniversityA.log.gpg', 'UniversityA', 'prod', ''],
  ['UniversityA/2013-10-22_UniversityA.log.gpg', 'UniversityA', 'prod', ''],
  ['Harvard/2013-10-22_HarvardX.log.gpg', 'HarvardX', 'prod', ''],
  ['2013-10-27-X-tracking/2013-10-22_X.log.gpg', 'X', 'prod', ''],
  ['tracking/edge/2013-10-22_X.log.gpg', 'X', 'edge', ''],
])('%s is of %s, site %s, server "%s"', (path, organization, site, server) => {
  expect(parseLogFilePath(path)).toEqual(
    keep({ organization, site, server, logDate: '2013-10-22', isGzip: false }),
  );
});

test.each([
  ['processed/BerkeleyX/prod-edx-002/2012-09-24_BerkeleyX.log.gz.gpg', 'BerkeleyX', 'prod'],
  ['mitx-edx-events-2012-09-24.log.gz.gpg', 'mitx', 'prod'],
  ['mitx/edx/events/2014/mitx-edx-events-2012-09-24.log.gz', 'mitx', 'prod'],
  ['universityx-edge-2012-09-24.log.gz.gpg', 'universityx', 'edge'],
  ['universityx-prod-edge-events-2012-09-24.log.gz.gpg', 'universityx', 'edge'],
  ['delft-x.2-edge-events-2012-09-24.log.gz.gpg', 'delft-x.2', 'edge'],
  ['mitx-patches-events-2012-09-24.log.gz.gpg', 'mitx', 'patches'],
])('%s holds a gzip stream of %s, site %s', (path, organization, site) => {
  expect(parseLogFilePath(path)).toMatchObject(
    keep({ organization, site, logDate: '2012-09-24', isGzip: true }),
  );
});

test('a daily file has no server, whatever directory it lies in', () => {
  const path = 'prod-edxapp-003/mitx-edx-events-2014-10-14.log.gz.gpg';
  expect(parseLogFilePath(path)).toMatchObject({ value: { server: '' } });
});

test('two servers that no rule knows are still two servers', () => {
  const servers = ['ip-10-0-0-1', 'ip-10-0-0-2', 'h7', 'Z9'].map((server) => {
    const outcome = parseLogFilePath(`HarvardX/${server}/2014-08-20-HarvardX.log.gpg`);
    return outcome.kind === 'keep' ? outcome.value.server : undefined;
  });
  expect(servers).toEqual(['ip-10-0-0-1', 'ip-10-0-0-2', 'h7', 'Z9']);
});

test('a server is not taken for the organization whose name it begins with', () => {
  const outcome = parseLogFilePath('X/x-host-3/2014-08-20-X.log.gpg');
  expect(outcome).toMatchObject({ value: { server: 'x-host-3' } });
});

test('a file name without organization takes it from the directory above the server, else from the package', () => {
  expect(parseLogFilePath('HarvardX/prod-edxapp-003/2013-10-22.log.gpg')).toMatchObject({
    value: { organization: 'HarvardX', server: 'prod-edxapp-003' },
  });
  const fallback = { organization: 'UniversityA' };
  expect(parseLogFilePath('prod-edxapp-003/2013-10-22.log.gpg', fallback)).toMatchObject({
    value: { organization: 'UniversityA', server: 'prod-edxapp-003' },
  });
  expect(parseLogFilePath('prod-edxapp-003/2013-10-22.log.gpg')).toMatchObject({ kind: 'reject' });
});

test.each([
  'prod-edxapp-003/2013-02-30_UniversityA.log.gpg',
  'mitx-edx-events-2014-13-14.log.gz.gpg',
  'prod-edxapp-003/UniversityA.log.gpg',
  'prod-edxapp-003/2013-10-22_UniversityA.txt',
  'prod-edxapp-003/._2013-10-22_UniversityA.log.gpg',
  '._mitx-edx-events-2014-10-14.log.gz.gpg',
  // Research exchange: one course, obfuscated learners.
  'mitx_6.00x_2013-events-2014-10-14.log.gz.gpg',
  'prod-edxapp-003/',
  '',
])('%s is not the name of a log file, and the message names it', (path) => {
  const outcome = parseLogFilePath(path);
  expect(outcome).toMatchObject({ kind: 'reject', reason: 'name-unknown' });
  expect(outcome.kind === 'reject' && outcome.detail).toContain(path);
});

test('only names that can be nothing else are certain servers', () => {
  expect(['prod-edxapp-003', 'prod-edge-edxapp-001', 'edge-x'].every(isServerDirectory)).toBe(true);
  expect(['prod', 'edge', 'prod-edge', 'downloads', 'HarvardX'].some(isServerDirectory)).toBe(
    false,
  );
});

test('a path that was formatted parses back to what it was made of', () => {
  const aDate = fc
    .date({ min: new Date('2011-01-01'), max: new Date('2030-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  const anOrganization = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,15}$/);
  const onServer = fc.record({
    organization: anOrganization,
    server: fc.stringMatching(/^prod-(edge-)?edxapp-[a-z0-9]{1,8}$/),
    logDate: aDate,
    isGzip: fc.boolean(),
  });
  fc.assert(
    fc.property(onServer, (file) => {
      const whole = { ...file, site: file.server.startsWith('prod-edge-') ? 'edge' : 'prod' };
      expect(parseLogFilePath(formatLogFilePath(whole))).toEqual(keep(whole));
    }),
  );
  const daily = fc.record({
    organization: fc.stringMatching(/^[a-z][a-z0-9_.]{0,15}$/),
    site: fc.constantFrom('prod', 'edge', 'patches', 'stage'),
    server: fc.constant(''),
    logDate: aDate,
    isGzip: fc.boolean(),
  });
  fc.assert(
    fc.property(daily, (file) => {
      expect(parseLogFilePath(formatLogFilePath(file))).toEqual(keep(file));
    }),
  );
});
