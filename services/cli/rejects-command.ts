import { Command } from 'commander';
export function rejectsCommand(): Command {
  return new Command('rejects');
}
