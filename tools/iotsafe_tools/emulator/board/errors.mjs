/** What a user can put right: its message is one line that says what to do. */
export class UserError extends Error {}
