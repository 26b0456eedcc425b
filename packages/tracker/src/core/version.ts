/** The package's version, as it travels in `sdk`. A test holds it to package.json. */
export const VERSION = '0.1.0'
