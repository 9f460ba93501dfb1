/** What edX has delivered, what of it is read, and what is missing, as text for people. */
import { renderBytes, renderCount } from '#shared/progress/quantities';
import type { ChosenDeliveries } from '../fetch/choose-deliveries.js';
import type { Deliveries, Delivery } from '../fetch/find-deliveries.js';
import { renderTable } from '../inspect/text-table.js';
import { list } from './render-account.js';

const NAMES = {
  tracking: 'tracking tars',
  database: 'database zips',
  'email-opt-in': 'e-mail opt-in zips',
  daily: 'daily log files',
} as const;

export function renderDeliveries(
  organization: string,
  { deliveries, passedOver }: Deliveries,
  { chosen, superseded, missing }: ChosenDeliveries,
): string {
  const groups = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const name = [NAMES[delivery.kind], delivery.site].filter(Boolean).join(', ');
    groups.set(name, [...(groups.get(name) ?? []), delivery]);
  }
  const isChosen = new Set(chosen);
  const rows = [...groups].map(([name, some]) => {
    const read = some.filter((delivery) => isChosen.has(delivery));
    const bytes = read.reduce((sum, { object }) => sum + object.bytes, 0);
    return [
      ...[name, renderCount(some.length), some[0]?.date ?? '', some.at(-1)?.date ?? ''],
      ...[renderCount(read.length), renderBytes(bytes)],
    ];
  });
  const table = renderTable(
    [
      ...[
        { title: `delivered for ${organization}` },
        { title: 'objects', align: 'right' as const },
      ],
      ...[{ title: 'first' }, { title: 'last' }],
      ...[
        { title: 'wanted', align: 'right' as const },
        { title: 'size', align: 'right' as const },
      ],
    ],
    rows,
  );
  const sections = [
    table,
    superseded.length === 0
      ? ''
      : `  ${renderCount(superseded.length)} older ones are in those that are wanted, and are not read.`,
    list('Missing, or not delivered yet', missing),
    list(
      'Passed over',
      passedOver.map(({ path, reason }) => `${path}: ${reason}`),
    ),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n\n`;
}
