import { Agent, request } from 'node:http'

/** Posts texts to a server of loopback over connections that stay open: with `fetch` a call takes twice as long. */
export function keptConnections(url: string) {
  const agent = new Agent({ keepAlive: true })
  return {
    /** @throws where there is no answer, or one that says that something failed. */
    post: (path: string, body: string) =>
      new Promise<string>((resolve, reject) => {
        const asked = request(`${url}${path}`, { method: 'POST', agent }, (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (part: string) => (text += part))
          response.on('end', () =>
            response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode}: ${text}`)),
          )
          response.on('error', reject)
        })
        asked.on('error', reject)
        asked.end(body)
      }),
    close: () => agent.destroy(),
  }
}
