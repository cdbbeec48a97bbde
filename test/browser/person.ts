/** A person at a browser of their own, with a passkey in its virtual authenticator (WebAuthn Level 3, section 11). @module */
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core'
import { CONTEXT } from './chromium.ts'

export class PersonAtBrowser {
  readonly page: Page
  readonly #cdp: CDPSession
  readonly #authenticator: string

  private constructor(page: Page, cdp: CDPSession, authenticator: string) {
    this.page = page
    this.#cdp = cdp
    this.#authenticator = authenticator
  }

  static async sit(browser: Browser, look: BrowserContextOptions = {}): Promise<PersonAtBrowser> {
    const context = await browser.newContext({ ...CONTEXT, ...look })
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    return new PersonAtBrowser(page, cdp, authenticatorId)
  }

  /** As when another device than this one has the passkey. */
  async loseKeys(): Promise<void> {
    await this.#cdp.send('WebAuthn.clearCredentials', { authenticatorId: this.#authenticator })
  }

  async verified(isUserVerified: boolean): Promise<void> {
    const authenticatorId = this.#authenticator
    await this.#cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
  }

  async reaches(state: string): Promise<string> {
    await this.page.locator(`main[data-state="${state}"] h1`).waitFor()
    return this.page.locator('main').innerText()
  }

  async open(url: string): Promise<string> {
    // The page takes its secret out of the address, and a change of the fragment alone would not load it again.
    await this.page.goto('about:blank')
    await this.page.goto(url)
    await this.page.locator('main:not([data-state="loading"]) h1').waitFor()
    return this.page.locator('main').innerText()
  }

  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name }).click()
  }

  async shot(name: string): Promise<void> {
    const folder = process.env.COUNTERSIGN_SCREENSHOTS
    if (folder !== undefined)
      await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
  }
}
