import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from './pack.ts'

/**
 * Returns what the compiler says about some modules, as if they were in a folder of the tests and the package was installed.
 *
 * @param modules - code by file name; they can import each other
 * @param own - further options of the compiler
 */
export function typeErrors(modules: Record<string, string>, own: ts.CompilerOptions = {}): string[] {
  const files = new Map(
    Object.entries(modules).map(([name, code]) => [join(ROOT, 'test/docs', name), `${code}\nexport {}`]),
  )
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    paths: {
      unsession: [join(ROOT, 'src/index.ts')],
      'unsession/drivers/*': [join(ROOT, 'drivers/*.ts')],
      'unsession/*': [join(ROOT, 'src/*/index.ts')],
    },
    ...own,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (file) => files.has(file) || fileExists(file)
  host.readFile = (file) => files.get(file) ?? readFile(file)
  host.getSourceFile = (file, language, ...rest) => {
    const code = files.get(file)
    return code === undefined
      ? getSourceFile(file, language, ...rest)
      : ts.createSourceFile(file, code, language)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(
        ({ messageText }) =>
          `${file.slice(ROOT.length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
  )
}
