//! What a request says.

/// A request, as far as it matters.
pub struct Request {
    pub method: String,
    /// Decoded parts of the path.
    pub path: Vec<String>,
    /// Decoded names and values.
    query: Vec<(String, String)>,
    /// Names in lower case.
    headers: Vec<(String, String)>,
}

impl Request {
    /// From a request's head.
    pub fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target, version) = (first.next()?, first.next()?, first.next()?);
        if first.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path: Option<Vec<String>> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let pair = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            Some((decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?))
        };
        let query: Option<Vec<_>> = query.split('&').filter(|text| !text.is_empty()).map(pair).collect();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_string()))
        };
        let headers = lines.take_while(|line| !line.is_empty()).map(header).collect::<Option<Vec<_>>>()?;
        Some(Self { method: method.into(), path: path?, query: query?, headers })
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it brings `token`, in time that does not depend on how much of it is right.
    pub fn brings(&self, token: &str) -> bool {
        let bearer = self.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(given) = bearer.or_else(|| self.value("token")) else { return false };
        let (given, token) = (given.as_bytes(), token.as_bytes());
        let differ = given.iter().zip(token).fold(0, |differ, (a, b)| differ | (a ^ b));
        given.len() == token.len() && differ == 0
    }

    /// Whether the host that it names is this machine.
    pub fn is_for_this_machine(&self) -> bool {
        let Some(host) = self.header("host") else { return false };
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// A part of an address with its escapes resolved; none where they are none.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        bytes.push((digit(high)? * 16 + digit(low)?) as u8);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// A text as part of an address.
pub fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let part = |byte: u8| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(head: &str) -> Option<Request> {
        Request::parse(&format!("{head}\r\n\r\n"))
    }

    #[test]
    fn escapes_are_resolved_within_their_part() {
        let parsed = request("GET /run/a%2Fb?network=x%26y+z&token= HTTP/1.1\r\nHost: localhost:1").expect("a request");
        assert_eq!(parsed.path, ["run", "a/b"]);
        assert_eq!((parsed.value("network"), parsed.value("token")), (Some("x&y z"), None));
        assert_eq!(decoded(&encoded("mobilenet@96 ü/%")), Some("mobilenet@96 ü/%".into()));
        for wrong in ["GET /%2 HTTP/1.1", "GET /%zz HTTP/1.1", "GET /%ff HTTP/1.1", "GET x HTTP/1.1", "GET / SPDY", ""]
        {
            assert!(request(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        let of =
            |host: &str| request(&format!("GET / HTTP/1.1\r\nHost: {host}")).is_some_and(|r| r.is_for_this_machine());
        assert!(["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:1"].iter().all(|host| of(host)));
        assert!(["evil.example", "localhost.evil.example", "10.0.0.1", ""].iter().all(|host| !of(host)));
        assert!(!request("GET / HTTP/1.1").expect("a request").is_for_this_machine());
    }

    #[test]
    fn tokens_are_taken_from_either_place_and_whole() {
        let brings = |head: &str| request(head).expect("a request").brings("secret");
        assert!(brings("GET /?token=secret HTTP/1.1") && brings("GET / HTTP/1.1\r\nAuthorization: Bearer secret"));
        assert!(
            !brings("GET /?token=secre HTTP/1.1")
                && !brings("GET / HTTP/1.1")
                && !brings("GET /?token=secretx HTTP/1.1")
        );
    }
}
