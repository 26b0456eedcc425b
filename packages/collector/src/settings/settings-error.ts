/** A mistake in the settings: one line that says what is wrong and what to do, and never shows a secret. */
export class SettingsError extends Error {}
