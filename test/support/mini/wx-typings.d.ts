// The whole of the typings would also declare setTimeout, require and module anew for every test here: only the part
// with the calls is taken, and the two types that it needs from the rest are said again.
// oxlint-disable-next-line typescript/triple-slash-reference -- the part declares globals and exports nothing
/// <reference path="../../node_modules/miniprogram-api-typings/types/wx/lib.wx.api.d.ts" />

declare namespace WechatMiniprogram {
  type IAnyObject = Record<string, any>
  type PromisifySuccessResult<Given, Option extends { success?: (...args: any[]) => void }> = Given extends
    | { success: any }
    | { fail: any }
    | { complete: any }
    ? void
    : Promise<Parameters<Exclude<Option['success'], undefined>>[0]>
}
