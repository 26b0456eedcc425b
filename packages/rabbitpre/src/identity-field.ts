import type { IdentityType } from '@warren/protocol'

/**
 * Which field carries an identity. `uid` → `thirdId` is an assumption: an older page of the vendor calls thirdId
 * 客户ID (what `identityType: uid` means), the present one 玩家用户ID.
 */
export function identityField(type: IdentityType): 'openid' | 'unionid' | 'phone' | 'thirdId' {
  return type === 'uid' ? 'thirdId' : type
}
