/**
 * Packages as edX delivers them, made without any code of the program: messages by the real `gpg` to
 * two recipients, tars by the real `tar`, zips by yazl.
 *
 *   tar({ 'UniversityA/prod-edxapp-003/2013-10-22_UniversityA.log': lines })
 */
import { execFile, spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ZipFile } from 'yazl';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';

const run = promisify(execFile);

export const CZAR = 'czar@university.example';
export const MASTER = 'master@edx.example';

/** False where this machine lacks gpg or tar; such tests say by name that they were not run. */
export const canPack = ['gpg', 'tar'].every((tool) => spawnSync(tool, ['--version']).status === 0);

/** Text is encrypted; bytes under `stored` go into the package as they are. */
export type MemberContent = string | Buffer | { readonly stored: Buffer };
export type Members = Readonly<Record<string, MemberContent>>;

export class GpgPackages implements AsyncDisposable {
  readonly directory: string;
  readonly gpg: TemporaryGpgHome;
  /** The armored private key of the data czar, without passphrase. */
  readonly keyFile: string;
  #trees = 0;

  private constructor(directory: string, gpg: TemporaryGpgHome) {
    this.directory = directory;
    this.gpg = gpg;
    this.keyFile = path.join(directory, 'czar.asc');
  }

  static async open(): Promise<GpgPackages> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
    const packages = new GpgPackages(directory, await TemporaryGpgHome.create());
    await packages.gpg.makeKey({ userId: CZAR });
    await packages.gpg.makeKey({ userId: MASTER });
    await writeFile(packages.keyFile, await packages.gpg.exportSecret(CZAR, { armor: true }));
    return packages;
  }

  encrypt(plaintext: string | Buffer, options: readonly string[] = []): Promise<Buffer> {
    return this.gpg.encrypt(Buffer.from(plaintext), [MASTER, CZAR], options);
  }

  /** Writes a tar of these members; names get `.gpg`, unless their bytes are given as stored. */
  async tar(name: string, members: Members): Promise<string> {
    this.#trees += 1;
    const tree = path.join(this.directory, `tree-${this.#trees}`);
    const names: string[] = [];
    for (const [member, bytes] of await this.#messages(members)) {
      await mkdir(path.join(tree, path.dirname(member)), { recursive: true });
      await writeFile(path.join(tree, member), bytes);
      names.push(member);
    }
    const target = path.join(this.directory, name);
    await mkdir(path.dirname(target), { recursive: true });
    await run('tar', ['-cf', target, '-C', tree, ...names]);
    await rm(tree, { recursive: true });
    return target;
  }

  async zip(name: string, members: Members): Promise<string> {
    const zip = new ZipFile();
    for (const [member, bytes] of await this.#messages(members)) zip.addBuffer(bytes, member);
    zip.end();
    const target = path.join(this.directory, name);
    await pipeline(zip.outputStream, createWriteStream(target));
    return target;
  }

  /** A copy of a package under another name, changed by `edit`. */
  async edited(source: string, name: string, edit: (bytes: Buffer) => Buffer): Promise<string> {
    const target = path.join(this.directory, name);
    await writeFile(target, edit(await readFile(source)));
    return target;
  }

  /** A directory of this name that nothing else uses; it is not made. */
  place(name: string): string {
    return path.join(this.directory, name);
  }

  async #messages(members: Members): Promise<[string, Buffer][]> {
    const messages: [string, Buffer][] = [];
    for (const [name, content] of Object.entries(members)) {
      if (typeof content === 'object' && 'stored' in content) messages.push([name, content.stored]);
      else messages.push([`${name}.gpg`, await this.encrypt(content)]);
    }
    return messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gpg[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}
