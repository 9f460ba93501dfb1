/** Grown, changed, encrypted again, twice: all over Kafka. Too long for `npm test`, part of `npm run test:faults`. */
import { loadOverKafka } from '../support/load-places.js';

loadOverKafka();
await import('../end-to-end/versions-of-a-log-file.test.js');
