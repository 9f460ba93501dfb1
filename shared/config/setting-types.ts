/** How the texts of settings are read. Messages complete the sentence "--flag: …". */
import { availableParallelism } from 'node:os';
import { delimiter } from 'node:path';
import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** `16 MiB`, `500MB` or a plain number of bytes. */
export function byteSize({ min, max }: { readonly min: number; readonly max: number }) {
  return z.string().transform((text, context) => {
    const parts = /^(\d+(?:\.\d+)?)\s*([kmg]i?b|b)?$/i.exec(text.trim());
    const bytes = Math.round(Number(parts?.[1]) * (UNITS[(parts?.[2] ?? '').toUpperCase()] ?? 1));
    if (parts !== null && bytes >= min && bytes <= max) return bytes;
    context.addIssue(`expected a size such as 16 MiB, from ${min} to ${max} bytes`);
    return z.NEVER;
  });
}

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && value >= min && value <= max) return value;
    context.addIssue(`expected a whole number from ${min} to ${max}`);
    return z.NEVER;
  });
}

/** `all`, or how many. */
export function workerCount() {
  return z.string().transform((text, context) => {
    if (text.trim() === 'all') return availableParallelism();
    const count = Number(text);
    if (/^\d+$/.test(text.trim()) && count >= 1 && count <= 256) return count;
    context.addIssue('expected all, or a whole number from 1 to 256');
    return z.NEVER;
  });
}

/** `1%` or `0.01`, as a number from 0 to 1. */
export function share() {
  return z.string().transform((text, context) => {
    const parts = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
    const value = Number(parts?.[1]) / (parts?.[2] === '%' ? 100 : 1);
    if (parts !== null && value >= 0 && value <= 1) return value;
    context.addIssue('expected a share such as 1% or 0.01');
    return z.NEVER;
  });
}

/** A flag that is given or not; as a variable `1`, `true`, `yes` or `0`, `false`, `no`. */
export function onOrOff() {
  return z.union([z.string(), z.boolean()]).transform((given, context) => {
    if (typeof given === 'boolean') return given;
    if (/^(1|true|yes|on)$/i.test(given)) return true;
    if (/^(0|false|no|off)$/i.test(given)) return false;
    context.addIssue('expected yes or no');
    return z.NEVER;
  });
}

/** One word of a closed set. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.string().transform((text, context): Words[number] => {
    const found = words.find((word) => word === text.trim());
    if (found !== undefined) return found;
    context.addIssue(`expected one of ${words.join(', ')}`);
    return z.NEVER;
  });
}

/** `127.0.0.1:9464` or `[::1]:9464`. */
export function listenAddress() {
  return z.string().transform((text, context) => {
    const parts = /^(?:\[([0-9a-f:]+)\]|([\w.-]+)):(\d+)$/i.exec(text.trim());
    const port = Number(parts?.[3]);
    const host = parts?.[1] ?? parts?.[2];
    if (host !== undefined && port <= 65_535) return { host, port };
    context.addIssue('expected a host and a port such as 127.0.0.1:9464');
    return z.NEVER;
  });
}

/** The address of a server; who asks and with what password is given in other ways, which no list of processes shows. */
export function serverUrl() {
  return z.string().transform((text, context) => {
    let url: URL | undefined;
    try {
      url = new URL(text.trim());
    } catch {
      // Told below, with everything else that is no address.
    }
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '') {
      context.addIssue('expected an address such as https://clickhouse.example.edu:8443/edxstream');
      return z.NEVER;
    }
    if (url.username === '' && url.password === '') return url;
    context.addIssue('expected no user and no password in it; they have settings of their own');
    return z.NEVER;
  });
}

/** Texts of a flag that is given several times; in a variable they stand behind one another. */
export function listOf({ separator }: { readonly separator: string }) {
  return z
    .union([z.string(), z.array(z.string())])
    .optional()
    .transform((given) => {
      const texts = typeof given === 'string' ? given.split(separator) : (given ?? []);
      return texts.map((text) => text.trim()).filter((text) => text !== '');
    });
}

/** The same where one at least must be given. */
export function requiredList(expected: string) {
  return listOf({ separator: ',' }).refine((texts) => texts.length > 0, expected);
}

/** Paths, separated in a variable as the system separates those of PATH. */
export function pathList() {
  return listOf({ separator: delimiter });
}

export function text() {
  return z.string().min(1, 'expected a text');
}
