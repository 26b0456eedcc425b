/** The platform's host, from its own page. */
export const DEFAULT_BASE_URL = 'https://integrate.rabbitpre.com'
