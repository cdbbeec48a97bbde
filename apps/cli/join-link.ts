/** Where somebody joins in a browser, with the secret in the fragment, which no server and no proxy is sent. @module */

/** By name where the address is this machine's: browsers have passkeys for `localhost`, and not for its number. */
export function joinLink(url: string, secret: string): string {
  return `${url.replace('//127.0.0.1', '//localhost')}/console/join#${secret}`
}
