export type Report = Record<string, unknown>
export function print(report: Report, _o: unknown): void {
  process.stdout.write(JSON.stringify(report, null, 1) + '\n')
}
