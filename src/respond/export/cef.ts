/** Alerts in the Common Event Format. spec/alerts.md (ALR-19). Pure. @module */
import { ALERT_RULES, type Severity } from '../../core/alert.ts'
import type { Notice } from '../../ports/notifier.ts'

const SEVERITY: Readonly<Record<Severity, number>> = { info: 1, low: 3, medium: 5, high: 8, critical: 10 }
/** Of the mapping, not of the product: what a parser may rely on. */
const VERSION = '1'

export function cefOf({
  event,
  alert,
  iss,
  time_ms,
}: Pick<Notice, 'event' | 'alert' | 'iss' | 'time_ms'>): string {
  const header = ['CEF:0', 'Countersign', 'Countersign', VERSION, alert.rule, ALERT_RULES[alert.rule][1]]
  const fields: (readonly [string, string | number])[] = [
    ['rt', time_ms],
    ['start', alert.first],
    ['end', alert.last],
    ['cnt', alert.count],
    ['act', event],
    ['outcome', alert.disposition ?? alert.status],
    ['externalId', alert.id],
    ['dvchost', iss],
    ['cs1Label', 'subject'],
    ['cs1', alert.subject ?? ''],
    ['cs2Label', 'entries'],
    ['cs2', alert.entries.join(' ')],
    ['cs3Label', 'canary'],
    ['cs3', String(alert.canary)],
    [
      'msg',
      Object.entries(alert.detail)
        .map(([name, value]) => `${name}=${value}`)
        .join('; '),
    ],
  ]
  const extension = fields.map(([name, value]) => `${name}=${extensionText(String(value))}`).join(' ')
  return `${[...header.map(headerText), SEVERITY[alert.severity]].join('|')}|${extension}`
}

function headerText(text: string): string {
  return text
    .replaceAll(/[\r\n]/g, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
}

function extensionText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('=', '\\=').replaceAll('\r', '\\r').replaceAll('\n', '\\n')
}
