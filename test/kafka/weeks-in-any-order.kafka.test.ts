/** Three weeks in every order over Kafka: too long for `npm test`, part of `npm run test:faults`. */
import { loadOverKafka } from '../support/load-places.js';

loadOverKafka();
await import('../end-to-end/weeks-in-any-order.test.js');
