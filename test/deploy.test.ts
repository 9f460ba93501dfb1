/**
 * The files that deploy edxstream, held against each other and against the program. No Docker engine and no
 * Prometheus reads them in these tests.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { METRICS, type MetricSpec } from '#shared/operations/metric-table';
import { settingsDocument } from '../services/cli/testing/settings-document.js';

const ROOT = join(import.meta.dirname, '..');

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

describe('docker-compose.yml', () => {
  interface Service {
    readonly image: string;
    readonly build?: { readonly dockerfile: string };
    readonly command?: readonly string[];
    readonly ports?: readonly string[];
    readonly healthcheck?: { readonly test: readonly string[] };
    readonly environment?: Readonly<Record<string, string>>;
    readonly volumes?: readonly string[];
    readonly secrets?: readonly string[];
    readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
    readonly stop_grace_period?: string;
    readonly cap_drop?: readonly string[];
    readonly read_only?: boolean;
  }
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
    readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  };
  const services = Object.entries(compose.services);
  const ours = services.filter(([, { build }]) => build !== undefined);

  test('pins every image to a full version, and Kafka to the one that tests run', () => {
    for (const [, { image }] of services)
      expect(image).toMatch(/^[\w./-]+:(?:[a-z0-9]+-)?\d+\.\d+\.\d+/);
    const version = /<kafka.version>(.+)<\/kafka.version>/.exec(read('deploy/local/pom.xml'))?.[1];
    expect(compose.services['kafka']?.image).toBe(`apache/kafka:${version}`);
    const { version: own } = JSON.parse(read('package.json'));
    for (const [, { image }] of ours) expect(image).toBe(`edxstream:${own}`);
  });

  test('has Kafka, ClickHouse, a store, ingest and sink, each that runs on with a health check', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      ...['clickhouse', 'ingest', 'kafka', 'load', 's3', 'sink'],
    ]);
    for (const [name, { healthcheck }] of services) {
      if (name !== 'load') expect(healthcheck?.test, name).toBeDefined();
    }
  });

  test('what waits for another waits until it is healthy', () => {
    for (const [, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(compose.services[other]?.healthcheck).toBeDefined();
        expect(condition).toBe('service_healthy');
      }
    }
  });

  test('opens ports for this machine alone', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('has no password, key or directory of its own', () => {
    const given = [
      ...services.flatMap(([, { environment = {} }]) =>
        Object.entries(environment).flatMap(([name, value]) =>
          /PASSWORD|SECRET|PASSPHRASE/.test(name) ? [value] : [],
        ),
      ),
      ...Object.values(compose.secrets).map(({ file }) => file),
    ];
    expect(given.length).toBeGreaterThan(3);
    for (const value of given) expect(value).toMatch(/^\$\{\w+:\?.+\}$/);
  });

  test('mounts volumes that are declared, files that exist, and secrets that are given', () => {
    for (const [, { volumes = [], secrets = [] }] of services) {
      for (const volume of volumes.filter((one) => !one.startsWith('$'))) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('./')) expect(existsSync(join(ROOT, source))).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
      for (const secret of secrets) expect(Object.keys(compose.secrets)).toContain(secret);
    }
  });

  test('gives our processes settings that exist, no rights, and longer to end than they drain', () => {
    const documented = settingsDocument();
    for (const [name, service] of ours) {
      for (const variable of Object.keys(service.environment ?? {})) {
        expect(documented, `${name}: ${variable}`).toContain(`\`${variable}\``);
      }
      for (const flag of (service.command ?? []).filter((word) => word.startsWith('--'))) {
        expect(documented, `${name}: ${flag}`).toContain(`${flag} <`);
      }
      expect([service.cap_drop, service.read_only]).toEqual([['ALL'], true]);
      const drainSeconds = /EDXSTREAM_DRAIN_SECONDS` \| `(\d+)`/.exec(documented)?.[1];
      expect(Number.parseInt(service.stop_grace_period ?? '0', 10)).toBeGreaterThan(
        Number(drainSeconds),
      );
    }
  });

  test('brokers are reached under the names that they tell', () => {
    const properties = read('deploy/kafka/server.properties');
    const inside = /^advertised\.listeners=.*INSIDE:\/\/([\w.:]+)/m.exec(properties)?.[1];
    for (const [, { environment = {} }] of ours) {
      expect(environment['EDXSTREAM_BROKER']).toBe(inside);
    }
    expect(inside?.split(':')[0]).toBe('kafka');
  });
});

describe('deploy/Dockerfile', () => {
  const lines = read('deploy/Dockerfile')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));

  test('copies what exists, and .dockerignore lets it through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const copied = lines
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.length).toBeGreaterThan(4);
    for (const source of copied) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(allowed).toContain(source);
    }
  });

  test('has pinned images with glibc, builds in one stage and runs in another, not as root', () => {
    const images = lines.filter((line) => line.startsWith('FROM '));
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^FROM node:\d+\.\d+\.\d+-bookworm-slim/);
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(last).toContain('USER node');
    expect(last.some((line) => line.startsWith('ENTRYPOINT ["node", "/app/dist/'))).toBe(true);
    expect(last.some((line) => /^RUN npm/.test(line))).toBe(false);
  });

  test('starts the program that package.json names', () => {
    const { bin } = JSON.parse(read('package.json'));
    expect(read('deploy/Dockerfile')).toContain(`/app/${bin.edxstream}`);
  });
});

describe('deploy/prometheus/alerts.yml', () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly summary: string };
  }
  const { groups } = parse(read('deploy/prometheus/alerts.yml')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const specs: readonly MetricSpec[] = Object.values(METRICS);

  /** The metric that a series is of: a histogram has several. */
  function specOf(series: string): MetricSpec | undefined {
    const name = series.replace(/_(?:bucket|count|sum)$/, '');
    return specs.find((spec) =>
      spec.kind === 'histogram' ? spec.name === name : spec.name === series,
    );
  }

  test('every metric that a rule names exists, with the labels that the rule asks for', () => {
    const series = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/(edxstream_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', labels = '']) => ({
        name,
        labels: [...labels.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
      })),
    );
    expect(series.length).toBeGreaterThan(8);
    for (const { name, labels } of series) {
      const spec = specOf(name);
      expect(spec, name).toBeDefined();
      for (const label of labels) expect([...(spec?.labels ?? []), 'job'], name).toContain(label);
    }
  });

  test('every alert is explained in docs/operations.md, and every metric as well', () => {
    const operations = read('docs/operations.md');
    for (const { alert, labels, annotations } of rules) {
      expect(operations, alert).toContain(`| \`${alert}\` |`);
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary.length).toBeGreaterThan(20);
    }
    for (const { name } of specs) expect(operations, name).toContain(`\`${name}\``);
  });
});
