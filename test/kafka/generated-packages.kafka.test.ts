/** What a naive reader makes of generated packages, counts, order and bytes, is in the tables after a load over Kafka too. */
import { loadOverKafka } from '../support/load-places.js';

loadOverKafka();
await import('../end-to-end/generated-packages.test.js');
