/**
 * A GnuPG home of its own for a test: the real `gpg` makes the keys and writes the messages, so that
 * what the tests expect comes from outside our code.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface GpgKeyRequest {
  readonly userId: string;
  readonly passphrase?: string;
  /** `never`, a date, or a span such as `1d` or `seconds=5`. */
  readonly expires?: string;
  /** The clock of GnuPG while the key is made, such as `20140101T000000`. */
  readonly madeAt?: string;
  readonly subkey?: string;
}

export class TemporaryGpgHome implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<TemporaryGpgHome> {
    // Short, because the path of the agent's socket may have 107 bytes at most.
    return new TemporaryGpgHome(await mkdtemp(join(tmpdir(), 'gpg-')));
  }

  /** Makes a key with a subkey to encrypt to and returns the fingerprint of the primary key. */
  async makeKey(request: GpgKeyRequest): Promise<string> {
    const clock = request.madeAt === undefined ? [] : ['--faked-system-time', request.madeAt];
    const secret = ['--passphrase', request.passphrase ?? '', '--pinentry-mode', 'loopback'];
    const expires = request.expires ?? 'never';
    const make = ['--quick-generate-key', request.userId, 'rsa2048', 'cert,sign', expires];
    await this.gpg([...clock, ...secret, ...make]);
    const listing = await this.gpg(['--list-keys', '--with-colons', request.userId]);
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listing.toString())?.[1] ?? '';
    const add = ['--quick-add-key', fingerprint, request.subkey ?? 'rsa2048', 'encr', expires];
    await this.gpg([...clock, ...secret, ...add]);
    return fingerprint;
  }

  async exportSecret(
    userId: string,
    options: {
      readonly passphrase?: string;
      readonly form?: string;
      readonly armor?: boolean;
    } = {},
  ): Promise<Buffer> {
    const loopback = ['--pinentry-mode', 'loopback', '--passphrase', options.passphrase ?? ''];
    const armor = options.armor === true ? ['--armor'] : [];
    return this.gpg([...loopback, ...armor, options.form ?? '--export-secret-keys', userId]);
  }

  /** Encrypts what it gets through a pipe, as edX does. */
  async encrypt(plaintext: Buffer, recipients: readonly string[], options: readonly string[] = []) {
    const to = recipients.flatMap((recipient) => ['-r', recipient]);
    return this.gpg(['--trust-model', 'always', ...options, ...to, '--encrypt'], plaintext);
  }

  /**
   * The packets in front of the encrypted one of a message that gpg wrote to this key, and the
   * session key (AES256) inside: to put another encrypted packet behind.
   */
  async sessionKeyFor(userId: string): Promise<{ readonly packets: Buffer; readonly key: Buffer }> {
    const message = await this.encrypt(Buffer.from('x'), [userId], ['--cipher-algo', 'AES256']);
    const listing = await this.gpg(['--list-packets'], message);
    const offset = Number(/# off=(\d+) ctb=d2 tag=18/.exec(listing.toString())?.[1]);
    const { errors } = await this.#run(['--show-session-key', '--decrypt'], message);
    const key = /session key: '9:([0-9A-F]+)'/.exec(errors.toString())?.[1] ?? '';
    return { packets: message.subarray(0, offset), key: Buffer.from(key, 'hex') };
  }

  async gpg(args: readonly string[], input?: Buffer): Promise<Buffer> {
    return (await this.#run(args, input)).output;
  }

  async #run(
    args: readonly string[],
    input: Buffer = Buffer.alloc(0),
  ): Promise<{ readonly output: Buffer; readonly errors: Buffer }> {
    const all = ['--homedir', this.directory, '--batch', '--yes', ...args];
    const child = spawn('gpg', all, { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    // gpg may refuse before it has read everything; its exit status tells, not the pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (status === 0) return { output: Buffer.concat(output), errors: Buffer.concat(errors) };
    throw new Error(`gpg ${args.join(' ')} ended with ${status}: ${Buffer.concat(errors)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('gpgconf', ['--homedir', this.directory, '--kill', 'all']).catch(() => {});
    await rm(this.directory, { recursive: true, force: true });
  }
}
