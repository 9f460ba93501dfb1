import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { receiveFrom, sendOver } from '#shared/stream/port-stream';

test('values come in order, each once, and then the end', async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = sendOver<number>(port1, 2);
  const sending = (async () => {
    for (let value = 0; value < 100; value += 1) await sender.send(value, []);
    sender.end();
  })();
  const came: number[] = [];
  for await (const value of receiveFrom<number>(port2)) came.push(value);
  await sending;
  expect(came).toEqual(Array.from({ length: 100 }, (_, value) => value));
});

test('the sender is never further ahead of what was taken than it may be', async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = sendOver<number>(port1, 3);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 20; sent += 1) await sender.send(sent, []);
    sender.end();
  })();
  await pause(50);
  expect(sent).toBe(3);
  let taken = 0;
  for await (const _ of receiveFrom<number>(port2)) {
    // The value in the hands of the loop is not taken before the loop asks for the next.
    expect(sent - taken).toBeLessThanOrEqual(3);
    await pause(2);
    taken += 1;
  }
  await sending;
  expect(taken).toBe(20);
});

test('memory that is moved is gone from the sender, and whole at the receiver', async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = sendOver<Uint8Array>(port1, 1);
  const bytes = Uint8Array.from([1, 2, 3]);
  await sender.send(bytes, [bytes.buffer]);
  sender.end();
  const came: number[][] = [];
  for await (const value of receiveFrom<Uint8Array>(port2)) came.push([...value]);
  expect(came).toEqual([[1, 2, 3]]);
  expect(bytes.length).toBe(0);
});

test('a receiver that leaves early fails the next send, also one that already waits', async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = sendOver<number>(port1, 1);
  await sender.send(1, []);
  const waiting = sender.send(2, []).then(() => sender.send(3, []));
  const told = expect(waiting).rejects.toThrow('The receiver has closed the stream.');
  for await (const value of receiveFrom<number>(port2)) {
    expect(value).toBe(1);
    break;
  }
  await told;
});

test('what was on its way when the loop was left is discarded: every value that was sent is seen once', async () => {
  for (const how of ['break', 'throw', 'abort'] as const) {
    const { port1, port2 } = new MessageChannel();
    const sender = sendOver<number>(port1, 3);
    const sent: number[] = [];
    const sending = (async () => {
      try {
        for (let value = 0; ; value += 1) {
          await sender.send(value, []);
          sent.push(value);
        }
      } finally {
        sender.end();
      }
    })();
    const told = expect(sending).rejects.toThrow('The receiver has closed the stream.');
    const came: number[] = [];
    const stop = new AbortController();
    const receive = async (): Promise<void> => {
      const discard = (value: number): void => void came.push(value);
      for await (const value of receiveFrom<number>(port2, { signal: stop.signal, discard })) {
        came.push(value);
        if (value < 4) continue;
        if (how === 'break') break;
        if (how === 'throw') throw new Error('taking failed');
        stop.abort();
      }
    };
    const closed = once(port1, 'close');
    await receive().catch((error: Error) => expect(error.message).toBe('taking failed'));
    await told;
    await closed;
    expect(sender.stopped.aborted).toBe(true);
    expect(came.length).toBeGreaterThan(5);
    expect(came).toEqual(sent);
  }
});

test('aborting ends a loop that waits for a value', async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = sendOver<number>(port1, 1);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 10);
  for await (const _ of receiveFrom<number>(port2, { signal: stop.signal })) expect.fail();
  await expect(sender.send(1, []).then(() => sender.send(2, []))).rejects.toThrow('closed');
  sender.end();
});

test('a sender that dies without a word ends the stream', async () => {
  const { port1, port2 } = new MessageChannel();
  const sender = sendOver<number>(port1, 2);
  await sender.send(1, []);
  const came: number[] = [];
  for await (const value of receiveFrom<number>(port2)) {
    came.push(value);
    port1.close();
  }
  expect(came).toEqual([1]);
});
