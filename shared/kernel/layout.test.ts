import { expect, test } from 'vitest';
import { DICTIONARY_FIELDS, TEXT_COLUMNS } from '#shared/eventlog/event-batch';
import * as layout from '#shared/kernel/assembly/layout';
import { FIELD_NAMES } from '#shared/tracking/line-rules';

test('the slots of the kernel are the text fields of both readers, in their order', () => {
  const slots: Readonly<Record<string, number>> = layout;
  const slotOf = (field: string): number | undefined => slots[`${field.toUpperCase()}_SLOT`];
  expect(FIELD_NAMES.map(slotOf)).toEqual([...FIELD_NAMES.keys()]);
  expect(layout.TEXT_SLOTS).toBe(FIELD_NAMES.length);
});

test('a batch has as many columns of each kind as the kernel writes', () => {
  expect(layout.DICTIONARY_COLUMNS).toBe(DICTIONARY_FIELDS.length);
  expect(layout.TEXT_COLUMNS).toBe(TEXT_COLUMNS.length);
});
