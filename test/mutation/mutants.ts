/**
 * All mutants of a source in one text: each expression that a mutant changes becomes a choice between itself and the
 * changed one, by the number of the mutant that is switched on. Pure.
 * @module
 */
import ts from 'typescript'

export interface Mutant {
  /** From 1; unique among all sources that one {@link Numbers} counts. */
  readonly id: number
  readonly file: string
  readonly line: number
  /** As `a === b -> a !== b`, on one line. */
  readonly change: string
}

export interface Mutated {
  readonly text: string
  readonly mutants: readonly Mutant[]
}

/** Name of the function that says whether a mutant is switched on; a source finds it among the globals. */
export const SWITCH = '__mutant'

const SWAPPED: Readonly<Partial<Record<ts.SyntaxKind, readonly string[]>>> = {
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: ['!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: ['==='],
  [ts.SyntaxKind.LessThanToken]: ['<=', '>='],
  [ts.SyntaxKind.LessThanEqualsToken]: ['<', '>'],
  [ts.SyntaxKind.GreaterThanToken]: ['>=', '<='],
  [ts.SyntaxKind.GreaterThanEqualsToken]: ['>', '<'],
  [ts.SyntaxKind.AmpersandAmpersandToken]: ['||'],
  [ts.SyntaxKind.BarBarToken]: ['&&'],
  [ts.SyntaxKind.PlusToken]: ['-'],
  [ts.SyntaxKind.MinusToken]: ['+'],
  [ts.SyntaxKind.AsteriskToken]: ['/'],
}
const METHODS: ReadonlyMap<string, string> = new Map([
  ['some', 'every'],
  ['every', 'some'],
])

/** @param from number of the first mutant */
export function mutate(file: string, source: string, from: number): Mutated {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS)
  const mutants: Mutant[] = []
  const named = (node: ts.Node, changed: string): number => {
    const id = from + mutants.length
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
    const change = `${node.getText()} -> ${changed}`.replaceAll(/\s+/g, ' ')
    mutants.push({ id, file, line, change })
    return id
  }

  /** What stands in two branches has its mutants once. */
  const done = new Map<ts.Node, string>()
  /** The node's text with the mutants inside of it. */
  const inside = (node: ts.Node): string => {
    const known = done.get(node)
    if (known !== undefined) return known
    let text = ''
    let at = node.getStart()
    ts.forEachChild(node, (child) => {
      text += source.slice(at, child.getStart()) + written(child)
      at = child.getEnd()
    })
    text += source.slice(at, node.getEnd())
    done.set(node, text)
    return text
  }

  const written = (node: ts.Node): string => {
    if (isLeftAlone(node)) return node.getText()
    let text = inside(node)
    for (const [shown, made] of changesOf(node, inside))
      text = `(${SWITCH}(${named(node, shown)}) ? ${made} : ${text})`
    return text
  }

  return { text: source.slice(0, tree.getStart()) + inside(tree) + source.slice(tree.getEnd()), mutants }
}

/** Types do not run, and what is imported or said in words is no decision. */
function isLeftAlone(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isImportDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  )
}

/** Each as it is shown, and as it is written with the mutants of its parts. */
function* changesOf(node: ts.Node, inside: (node: ts.Node) => string): Generator<readonly [string, string]> {
  if (ts.isBinaryExpression(node)) {
    const { left, right, operatorToken } = node
    for (const swapped of SWAPPED[operatorToken.kind] ?? [])
      yield [
        `${left.getText()} ${swapped} ${right.getText()}`,
        `(${inside(left)}) ${swapped} (${inside(right)})`,
      ]
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    yield [node.operand.getText(), `(${inside(node.operand)})`]
  else if (ts.isConditionalExpression(node))
    yield [
      `the other of ${node.getText()}`,
      `(!(${inside(node.condition)}) ? ${inside(node.whenTrue)} : ${inside(node.whenFalse)})`,
    ]
  else if (
    ts.isNumericLiteral(node) &&
    ts.isExpression(node.parent) &&
    !ts.isPropertyAccessExpression(node.parent)
  )
    yield [`${node.getText()} + 1`, `(${node.getText()} + 1)`]
  else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression, name } = node.expression
    const other = METHODS.get(name.text)
    if (other === undefined) return
    const args = node.arguments.map(inside).join(', ')
    yield [`${name.text} -> ${other} in ${node.getText()}`, `${inside(expression)}.${other}(${args})`]
  }
}
