/**
 * What iOS up to 15 has for a Promise in mini-programs: made of setTimeout, so that whatever waits for it comes after
 * other tasks, and never if the app is ended first. Async functions keep the language's own. Code for a realm.
 */
export const TIMED_PROMISE = `(() => {
  const later = (task) => setTimeout(task, 0)
  class TimedPromise {
    constructor(executor) {
      this.state = 'pending'
      this.waiting = []
      const settle = (state, value) => {
        Object.assign(this, { state, value })
        for (const run of this.waiting.splice(0)) later(run)
      }
      const pair = (follow) => {
        let isDone = false
        const once = (act) => (value) => {
          if (isDone) return
          isDone = true
          act(value)
        }
        return [once(follow), once((reason) => settle('rejected', reason))]
      }
      const attempt = (act, [resolve, reject]) => {
        try {
          act(resolve, reject)
        } catch (error) {
          reject(error)
        }
      }
      const follow = (value) => {
        let then
        try {
          then = value === Object(value) ? value.then : undefined
        } catch (error) {
          return settle('rejected', error)
        }
        if (typeof then !== 'function') return settle('fulfilled', value)
        later(() => attempt((resolve, reject) => then.call(value, resolve, reject), pair(follow)))
      }
      attempt(executor, pair(follow))
    }
    then(fulfilled, rejected) {
      return new TimedPromise((resolve, reject) => {
        const run = () => {
          const isFulfilled = this.state === 'fulfilled'
          const handle = isFulfilled ? fulfilled : rejected
          if (typeof handle !== 'function') return (isFulfilled ? resolve : reject)(this.value)
          try {
            resolve(handle(this.value))
          } catch (error) {
            reject(error)
          }
        }
        if (this.state === 'pending') this.waiting.push(run)
        else later(run)
      })
    }
    catch(rejected) {
      return this.then(undefined, rejected)
    }
    static resolve(value) {
      return value instanceof TimedPromise ? value : new TimedPromise((resolve) => resolve(value))
    }
    static reject(reason) {
      return new TimedPromise((_, reject) => reject(reason))
    }
    static race(values) {
      return new TimedPromise((resolve, reject) => {
        for (const value of values) TimedPromise.resolve(value).then(resolve, reject)
      })
    }
    static all(values) {
      return new TimedPromise((resolve, reject) => {
        const results = [...values]
        let open = results.length
        if (open === 0) resolve(results)
        results.forEach((value, index) => {
          const keep = (result) => {
            results[index] = result
            if (--open === 0) resolve(results)
          }
          TimedPromise.resolve(value).then(keep, reject)
        })
      })
    }
  }
  Promise = TimedPromise
})()`
