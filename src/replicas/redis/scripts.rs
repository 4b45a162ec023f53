//! What the store does in one step, in Lua. Numbers in the store are plain; a key of another type is garbage and removed.

use std::sync::LazyLock;

use redis::Script;

/// Reading numbers, and writing them without an exponent. Time, in microseconds, has 51 bits: numbers of Lua hold 53.
const NUMBERS: &str = r"
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
";

fn script(code: &str) -> Script {
    Script::new(&format!("{NUMBERS}{code}"))
}

/// KEYS generation, snapshot's token, last token given, lease, failure. ARGV generation, known token, lease in ms, keep in ms.
pub static BEGIN: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local generation, given = number(KEYS[1]), tonumber(ARGV[1])
if generation > given then return {'outdated', text(generation)} end
if generation < given then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4]) end
local current, known = number(KEYS[2]), tonumber(ARGV[2])
if current > known then return {'news', '0'} end
local failure = redis.pcall('GET', KEYS[5])
if type(failure) == 'string' and string.match(failure, '^(%d+)|') == ARGV[1] then return {'failed', '0'} end
local lease = redis.pcall('GET', KEYS[4])
if type(lease) == 'string' then
  local under, left = tonumber(string.match(lease, '^(%d+)|')), redis.call('PTTL', KEYS[4])
  if under and under >= given and left > 0 then return {'taken', text(left)} end
end
local token = math.max(number(KEYS[3]), current, known, now()) + 1
redis.call('SET', KEYS[3], text(token), 'PX', ARGV[4])
redis.call('SET', KEYS[4], ARGV[1] .. '|' .. text(token), 'PX', ARGV[3])
return {'granted', text(token)}
",
    )
});

/// KEYS lease. ARGV lease, time in ms.
pub static RENEW: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if is(KEYS[1], ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
",
    )
});

/// KEYS generation, snapshot's token, last token given, lease, failure, snapshot, events.
/// ARGV generation, token, lease, keep in ms, snapshot, number of the last event, events, most batches, channel, list.
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

/// KEYS generation, snapshot's token, last token given, lease, failure, snapshot.
/// ARGV generation, token, lease, pause in ms, failure, whether the snapshot goes, channel, list.
pub static FAIL: LazyLock<Script> = LazyLock::new(|| {
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

/// KEYS generation. ARGV at least, step, keep in ms, channel, company.
pub static CHANGE: LazyLock<Script> = LazyLock::new(|| {
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

/// KEYS record, hold. ARGV value, hold in ms, keep in ms. Answers nothing when the record is new.
pub static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
local record = redis.pcall('GET', KEYS[1])
if type(record) == 'string' then return {record, redis.call('EXISTS', KEYS[2])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return false
",
    )
});

/// KEYS record, hold. ARGV as it was, value, hold in ms, keep in ms.
pub static TAKE_OVER: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
if not is(KEYS[1], ARGV[1]) or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
return 1
",
    )
});

/// KEYS record, hold. ARGV as it was, value or nothing, keep in ms.
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
