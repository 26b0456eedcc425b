// WeChat's own tools over one project, in a process of their own: they start a watcher and a child that end with nobody.
// Arguments: the tools' folder, the project, a file for the answer as JSON.
const { writeFileSync } = require('node:fs')
const dns = require('node:dns')
const { join } = require('node:path')

const [tools, projectPath, answer] = process.argv.slice(2)

// They ask home for a list of file names, and go on without. Where no namespace cuts the line, this does.
dns.lookup = (host, options, callback) => {
  const failed = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
  process.nextTick(callback ?? options, failed)
}

/** What their service says of an app; asked for, it would want a real key. */
const ATTRIBUTES = {
  platform: true,
  appType: 0,
  isSandbox: false,
  released: true,
  setting: {
    MaxCodeSize: 2,
    MaxSubpackageSubCodeSize: 2,
    MaxSubpackageFullCodeSize: 20,
    NavigateMiniprogramLimit: 10,
    MaxSubPackageLimit: 100,
    MinTabbarCount: 2,
    MaxTabbarCount: 5,
    MaxTabbarIconSize: 40,
  },
}

async function build() {
  const ci = require(join(tools, 'node_modules/miniprogram-ci'))
  const ignores = ['node_modules/**/*']
  const appid = 'wx0123456789abcdef'
  const project = new ci.Project({ appid, type: 'miniProgram', projectPath, privateKey: 'any', ignores })
  project.attr = async () => ATTRIBUTES

  const reports = []
  const warnings = await ci.packNpm(project, { reporter: (report) => reports.push(report) })
  const compiled = {}
  for (const es6 of [true, false]) {
    const setting = { es6, minify: false }
    const options = { project, version: '1.0.0', desc: '', setting, onProgressUpdate() {} }
    const files = await ci.getCompiledResult(options)
    compiled[es6 ? 'es5' : 'asWritten'] = Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, `${content}`]),
    )
  }
  writeFileSync(answer, JSON.stringify({ reports, warnings, compiled }))
}

build().then(
  () => process.exit(0),
  (error) => {
    console.error(error)
    process.exit(1)
  },
)
