/** The exit statuses of the command; those of errors (2, 3, 70) stand with their codes in shared/errors.ts. */
export const EXIT = {
  allIn: 0,
  /** A file or table failed, or too many lines of a file were rejected. */
  someFailed: 1,
  usage: 2,
  bug: 70,
  interrupted: 130,
} as const;
