/** An error that the user can fix; the message is one line that says how. */
export class UserError extends Error {}
