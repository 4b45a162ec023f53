//! Lua scripts: operations of several commands that the store executes atomically.

use std::sync::LazyLock;

use redis::Script;

/// Functions of all scripts. `number` deletes a value of another type; `owner` is the value of the lease of a record, made of the version that
/// its owner wrote (older replicas write 1, and only check whether the lease exists); `text` writes a number without exponent. Lua numbers are exact up to
/// 53 bits, times in microseconds have 51.
const PRELUDE: &str = r"
local function number(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then redis.call('DEL', key) return 0 end
  local number = tonumber(value) or 0
  if number > 0 and number < 9e15 then return number end
  return 0
end
local function text(number) return string.format('%.0f', number) end
local function now() local time = redis.call('TIME') return time[1] * 1000000 + time[2] end
local function is(key, value) return redis.pcall('GET', key) == value end
local function owner(version) return redis.sha1hex(version) end
";

fn script(code: &str) -> Script {
    Script::new(&format!("{PRELUDE}{code}"))
}

/// Returns the token of a snapshot, the snapshot, and its remaining TTL in ms, negative without one.
///
/// KEYS: token of the snapshot, snapshot.
pub static FETCH: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local values = redis.call('MGET', KEYS[1], KEYS[2])
return {values[1], values[2], redis.call('PTTL', KEYS[2])}
",
    )
});

/// Requests the lease of a load. The last granted token is kept for two TTLs of the lease: a load whose lease has expired meets the token of a
/// later lease or that of its snapshot. Nothing that anyone can ask for is kept longer, since IPS may not know the caller.
///
/// KEYS: epoch, token of the snapshot, last granted token, lease, failure. ARGV: epoch, known token, TTL of the lease in ms, TTL of the
/// epoch in ms. Returns the outcome and its number: the granted token, the remaining TTL of the lease in ms, or the current epoch.
pub static ACQUIRE_LEASE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local current_epoch, epoch = number(KEYS[1]), tonumber(ARGV[1])
if current_epoch > epoch then return {'stale_epoch', text(current_epoch)} end
if current_epoch < epoch then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4]) end
local current, known = number(KEYS[2]), tonumber(ARGV[2])
if current > known then return {'newer_snapshot', '0'} end
local failure = redis.pcall('GET', KEYS[5])
if type(failure) == 'string' and string.match(failure, '^(%d+)|') == ARGV[1] then return {'failed', '0'} end
local lease = redis.pcall('GET', KEYS[4])
if type(lease) == 'string' then
  local lease_epoch, remaining = tonumber(string.match(lease, '^(%d+)|')), redis.call('PTTL', KEYS[4])
  if lease_epoch and lease_epoch >= epoch and remaining > 0 then return {'held', text(remaining)} end
end
local token = math.max(number(KEYS[3]), current, known, now()) + 1
redis.call('SET', KEYS[3], text(token), 'PX', 2 * ARGV[3])
redis.call('SET', KEYS[4], ARGV[1] .. '|' .. text(token), 'PX', ARGV[3])
return {'granted', text(token)}
",
    )
});

/// Renews a lease if it is still held, and the last granted token with it.
///
/// KEYS: lease, last granted token. ARGV: lease, TTL in ms.
pub static RENEW_LEASE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if is(KEYS[1], ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[2], 2 * ARGV[2])
end
return 0
",
    )
});

/// Publishes a snapshot, unless the epoch changed or there is a later lease. Returns 1 if it was accepted, else 0.
///
/// KEYS: epoch, token of the snapshot, last granted token, lease, failure, snapshot, events.
/// ARGV: epoch, token, lease, TTL in ms, snapshot, number of the last event, batch of events or nothing, maximum number of batches,
/// channel, key of the list.
pub static PUBLISH: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local token = tonumber(ARGV[2])
if number(KEYS[1]) ~= tonumber(ARGV[1]) or number(KEYS[3]) > token or number(KEYS[2]) >= token then return 0 end
redis.call('SET', KEYS[6], ARGV[5], 'PX', ARGV[4])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
redis.call('DEL', KEYS[5])
if is(KEYS[4], ARGV[3]) then redis.call('DEL', KEYS[4]) end
if ARGV[7] ~= '' then
  local added = redis.pcall('ZADD', KEYS[7], ARGV[6], ARGV[7])
  if type(added) == 'table' then redis.call('DEL', KEYS[7]) redis.call('ZADD', KEYS[7], ARGV[6], ARGV[7]) end
  redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -1 - tonumber(ARGV[8]))
  redis.call('PEXPIRE', KEYS[7], ARGV[4])
end
redis.call('PUBLISH', ARGV[9], ARGV[10])
return 1
",
    )
});

/// Publishes a failed load, unless the epoch changed or there is a later lease.
///
/// KEYS: epoch, token of the snapshot, last granted token, lease, failure, snapshot.
/// ARGV: epoch, token, lease, back-off in ms, failure or nothing, 1 if the snapshot is deleted, channel, key of the list.
pub static PUBLISH_FAILURE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if number(KEYS[1]) > tonumber(ARGV[1]) or number(KEYS[3]) > tonumber(ARGV[2]) then return 0 end
if is(KEYS[4], ARGV[3]) then redis.call('DEL', KEYS[4]) end
if ARGV[5] ~= '' and tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[5], ARGV[1] .. '|' .. ARGV[5], 'PX', ARGV[4]) end
if ARGV[6] == '1' then redis.call('DEL', KEYS[2], KEYS[6]) end
redis.call('PUBLISH', ARGV[7], ARGV[8])
return 1
",
    )
});

/// Raises the epoch of a company by a step (1 to bump it, 0 to restore it) and to a minimum. Returns the epoch.
///
/// KEYS: epoch. ARGV: minimum, step, TTL in ms, channel, key of the company.
pub static RAISE_EPOCH: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local before, step = number(KEYS[1]), tonumber(ARGV[2])
local after = math.max(before + step, tonumber(ARGV[1]))
if step > 0 then after = math.max(after, now()) end
if after > before then
  redis.call('SET', KEYS[1], text(after), 'PX', ARGV[3])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return text(after)
",
    )
});

/// Creates a record with a lease. Returns nothing if it is new, else its value and whether it is leased.
///
/// KEYS: record, lease. ARGV: value, TTL of the lease in ms, TTL of the record in ms.
pub static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local record = redis.pcall('GET', KEYS[1])
if type(record) == 'string' then return {record, redis.call('EXISTS', KEYS[2])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], owner(ARGV[1]), 'PX', ARGV[2])
return false
",
    )
});

/// Takes over a record that is unchanged and not leased. Returns 1 if it was taken over, else 0.
///
/// KEYS: record, lease. ARGV: expected value, new value, TTL of the lease in ms, TTL of the record in ms.
pub static TAKE_OVER: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if not is(KEYS[1], ARGV[1]) or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('SET', KEYS[2], owner(ARGV[2]), 'PX', ARGV[3])
return 1
",
    )
});

/// Renews the lease of a record if it is still that of the owner of this version.
///
/// KEYS: lease. ARGV: version, TTL of the lease in ms.
pub static RENEW_CLAIM: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if is(KEYS[1], owner(ARGV[1])) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
",
    )
});

/// Sets or deletes a record that is unchanged, and deletes its lease.
///
/// KEYS: record, lease. ARGV: expected value, new value or nothing to delete the record, TTL of the record in ms.
pub static SETTLE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if not is(KEYS[1], ARGV[1]) then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 1
",
    )
});
