import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { filesOf } from './files-of.ts'
import { packedApp } from './packed-app.ts'
import { runOffline } from './run-offline.ts'
import { startApp } from './start-app.ts'
import { BUILDERS, EXAMPLES, tool } from './tools.ts'

/** The app with what its builder needs around it. */
function app(source: string, modules = tool('builders/node_modules')): string {
  const packed = packedApp(source, modules)
  onTestFinished(packed.remove)
  return packed.path
}

/** Its event arrives, and the tracker's file for mini-programs sent it: builders take the one for pages otherwise. */
async function check(built: string, event: object, more: object = {}): Promise<void> {
  const started = startApp(filesOf(built), more)
  onTestFinished(started.close)
  await expect.poll(started.bodies, { timeout: 10_000 }).toMatchObject([{ sdk: 'mini-wx/0.1.0', events: [event] }])
}

it('delivers from an app that uni-app has built', { timeout: 120_000 }, async () => {
  const path = app(join(EXAMPLES, 'uni-app'))
  runOffline(tool('builders/node_modules/@dcloudio/vite-plugin-uni/bin/uni.js'), ['build', '-p', 'mp-weixin'], {
    cwd: path,
    env: { UNI_PLATFORM: 'mp-weixin', NODE_ENV: 'production' },
  })
  await check(
    join(path, 'dist/build/mp-weixin'),
    { eventKey: 'c_launch', args: { path: 'pages/index/index' } },
    {
      getSystemInfoSync: () => ({ platform: 'ios', language: 'zh_CN' }),
      getAppBaseInfo: () => ({ language: 'zh_CN' }),
      getDeviceInfo: () => ({ platform: 'ios' }),
      getWindowInfo: () => ({}),
      getLaunchOptionsSync: () => ({}),
      getEnterOptionsSync: () => ({}),
      canIUse: () => true,
    },
  )
})

it('delivers from an app that Mpx has built', { timeout: 120_000 }, async () => {
  const path = app(join(import.meta.dirname, 'apps/mpx'))
  runOffline(join(import.meta.dirname, 'harness/webpack-build.cjs'), [BUILDERS], { cwd: path })
  await check(join(path, 'dist'), { eventKey: 'a_open', args: { a_from: 'launch' } })
})

const withAll = it.runIf(process.env['WARREN_TEST_ALL'])
withAll('delivers from an app that Taro has built (458 MB, so only with --all)', { timeout: 120_000 }, async () => {
  const path = app(join(EXAMPLES, 'taro'), tool('taro/node_modules'))
  runOffline(tool('taro/node_modules/@tarojs/cli/bin/taro'), ['build', '--type', 'weapp'], {
    cwd: path,
    env: { NODE_ENV: 'production' },
  })
  await check(join(path, 'dist'), { eventKey: 'c_launch', args: { path: 'pages/index/index' } })
})
