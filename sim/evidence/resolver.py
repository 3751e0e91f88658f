"""Asks the simulator's resolver with two clients of other projects, `dig` of BIND and dnspython, over UDP and TCP.

Each question has the response code, the answer and the owner of the SOA record in the authority section that a resolver on the Internet
would return for the DNS of `furnish_dns` in examples/aws.rs. Records are written as in a zone file (RFC 1035 section 5.1).
"""

import dataclasses
import re
import shutil
import subprocess
import sys

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype


@dataclasses.dataclass(frozen=True)
class Question:
    name: str
    type: str
    rcode: str
    # Records, without class: "owner TTL type value".
    answer: tuple = ()
    # Owner of the SOA record in the authority section.
    soa: str = ""

    def expected(self):
        return {"rcode": self.rcode, "answer": sorted(self.answer), "soa": self.soa}


HERE = "resolver.example."
SERVER = "ns1.resolver.example."
BIG = tuple(f'big.{HERE} 60 TXT "{str(number) * 200}"' for number in range(9))
WWW = (f"www.{HERE} 60 A 192.0.2.1", f"www.{HERE} 60 A 192.0.2.2")
TO_PROVIDER = f"alias.{HERE} 60 CNAME www.provider.example."
QUESTIONS = [
    Question(f"www.{HERE}", "A", "NOERROR", WWW),
    Question(f"wWw.{HERE}", "A", "NOERROR", WWW),
    Question(f"www.{HERE}", "AAAA", "NOERROR", (f"www.{HERE} 60 AAAA 2001:db8::1",)),
    Question(HERE, "SOA", "NOERROR", (f"{HERE} 900 SOA {SERVER} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",)),
    Question(HERE, "NS", "NOERROR", (f"{HERE} 172800 NS {SERVER}", f"{HERE} 172800 NS ns2.resolver.example.")),
    Question(HERE, "MX", "NOERROR", (f"{HERE} 60 MX 10 mail.resolver.example.", f"{HERE} 60 MX 20 mail.provider.example.")),
    Question(HERE, "TXT", "NOERROR", (f'{HERE} 60 TXT "one two" "three \\"four\\" \\\\ \\233"', f'{HERE} 60 TXT ""')),
    Question(HERE, "SPF", "NOERROR", (f'{HERE} 60 SPF "v=spf1 -all"',)),
    Question(HERE, "CAA", "NOERROR", (
        f'{HERE} 60 CAA 0 issue "amazon.com; x=y"',
        f'{HERE} 60 CAA 128 iodef "mailto:dns@resolver.example"',
    )),  # fmt: skip
    Question(f"_sip._tcp.{HERE}", "SRV", "NOERROR", (f"_sip._tcp.{HERE} 60 SRV 1 2 5060 www.resolver.example.",)),
    # A name that exists, a name above one, and names that do not exist.
    Question(f"www.{HERE}", "CAA", "NOERROR", soa=HERE),
    Question(f"b.{HERE}", "A", "NOERROR", soa=HERE),
    Question(f"no.{HERE}", "A", "NXDOMAIN", soa=HERE),
    Question(f"_x.{HERE}", "SOA", "NXDOMAIN", soa=HERE),
    # Wildcards: RFC 4592 section 2.2.1.
    Question(f"x.wild.{HERE}", "A", "NOERROR", (f"x.wild.{HERE} 60 A 192.0.2.3",)),
    Question(f"x.y.wild.{HERE}", "A", "NOERROR", (f"x.y.wild.{HERE} 60 A 192.0.2.3",)),
    Question(f"*.wild.{HERE}", "A", "NOERROR", (f"*.wild.{HERE} 60 A 192.0.2.3",)),
    Question(f"x.wild.{HERE}", "TXT", "NOERROR", soa=HERE),
    Question(f"dot\\.dot.{HERE}", "A", "NOERROR", (f"dot\\.dot.{HERE} 60 A 192.0.2.5",)),
    # CNAME records, to another zone and to nowhere.
    Question(f"alias.{HERE}", "CNAME", "NOERROR", (TO_PROVIDER,)),
    Question(f"alias.{HERE}", "A", "NOERROR", (TO_PROVIDER, "www.provider.example. 30 A 192.0.2.6")),
    Question(f"alias.{HERE}", "SOA", "NOERROR", (TO_PROVIDER,), "provider.example."),
    Question(f"dangling.{HERE}", "A", "NXDOMAIN", (f"dangling.{HERE} 60 CNAME no.provider.example.",), "provider.example."),
    Question(f"loop.{HERE}", "A", "SERVFAIL"),
    Question(f"broken.{HERE}", "A", "SERVFAIL"),
    # Delegations: to another provider, to nobody, and none.
    Question(f"www.child.{HERE}", "A", "NOERROR", (f"www.child.{HERE} 30 A 192.0.2.7",)),
    Question(f"child.{HERE}", "NS", "NOERROR", (f"child.{HERE} 172800 NS ns1.provider.example.",)),
    Question("www.lame.example.", "A", "SERVFAIL"),
    Question("www.nobody-has-this.example.", "A", "NXDOMAIN", soa="example."),
    Question("example.", "CAA", "NOERROR", soa="example."),
    Question(".", "CAA", "NOERROR", soa="."),
    # Over UDP the clients get this truncated, and ask again over TCP.
    Question(f"big.{HERE}", "TXT", "NOERROR", BIG),
    Question(f"www.{HERE}", "ANY", "NOTIMP"),
    Question(f"www.{HERE}", "TYPE65280", "NOERROR", soa=HERE),
]  # fmt: skip

# What each client makes of a fault of the answer over UDP to a question for the addresses of www: dig, and dnspython.
FAULTS = {
    "Garbage": ("no answer", "no answer"),
    "OnlyWrongId": ("no answer", "no answer"),
    "Poisoned": ("the answer", "the answer"),
    "Refused": ("REFUSED", "REFUSED"),
    "ServFail": ("SERVFAIL", "SERVFAIL"),
    "Silence": ("no answer", "no answer"),
    "Truncated": ("the answer", "the answer"),
    "WrongId": ("the answer", "the answer"),
    "WrongQuestion": ("no answer", "no answer"),
}


def run(checks, address, inject):
    """All checks. `inject` lets the simulator fail as a line such as `Silence www.resolver.example.` says."""
    if not shutil.which("dig"):
        sys.exit("FAILED: dig is not there. It is in Debian's package bind9-dnsutils.")
    host, port = address.rsplit(":", 1)
    clients = {"dig": Dig(host, port), "dnspython": Dnspython(host, int(port))}
    for name, client in clients.items():
        for question in QUESTIONS:
            for transport in ("UDP", "TCP"):
                found = client.ask(question.name, question.type, transport)
                checks.check(f"{name} over {transport}: {question.name} {question.type}", found, question.expected())
        for (fault, expected), of in ((item, 0 if name == "dig" else 1) for item in FAULTS.items()):
            inject(f"{fault} www.{HERE}")
            found = client.ask(f"www.{HERE}", "A", "UDP")
            answered = found is not None and {line for line in found["answer"] if "poisoned" not in line} == set(WWW)
            read = "no answer" if found is None else "the answer" if answered else found["rcode"]
            checks.check(f"{name} with a fault: {fault}", read, expected[of])


class Dig:
    def __init__(self, host, port):
        self.command = ["dig", f"@{host}", "-p", port, "+time=1", "+tries=1", "+noall", "+comments", "+answer", "+authority", "+noidnin"]

    def ask(self, name, kind, transport):
        """What dig reads: response code, answer and owner of the SOA record. None if it gets no answer."""
        switch = "+tcp" if transport == "TCP" else "+notcp"
        # For ANY, dig takes TCP unless it is told otherwise behind the type.
        printed = subprocess.run([*self.command, "-q", name, "-t", kind, switch], capture_output=True, text=True).stdout
        status = re.findall(r"status: (\w+)", printed)
        if not status or "Got bad packet" in printed or "no servers could be reached" in printed:
            return None
        section, records = None, {"ANSWER": [], "AUTHORITY": []}
        for line in printed.splitlines():
            found = re.match(r";; (\w+) SECTION:", line)
            section = found[1] if found else section
            if line and not line.startswith(";"):
                owner, ttl, _, record_type, value = line.split(None, 4)
                records[section].append(f"{owner.lower()} {ttl} {record_type} {value}")
        return read(status[-1], records["ANSWER"], records["AUTHORITY"])


class Dnspython:
    def __init__(self, host, port):
        self.where = {"where": host, "port": port, "timeout": 1}

    def ask(self, name, kind, transport):
        """The same as dnspython reads it."""
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        try:
            if transport == "TCP":
                answer = dns.query.tcp(query, **self.where)
            else:
                answer, _ = dns.query.udp_with_fallback(query, **self.where, ignore_unexpected=True, ignore_errors=True)
        except dns.exception.Timeout:
            return None
        assert answer.flags & dns.flags.RA, "recursion is not available"
        assert answer.edns == 0, "no EDNS"
        assert answer.question == query.question, "another question"
        lines = lambda section: [
            f"{rrset.name.to_text().lower()} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {record.to_text()}"
            for rrset in section
            for record in rrset
        ]
        return read(dns.rcode.to_text(answer.rcode()), lines(answer.answer), lines(answer.authority))


def read(rcode, answer, authority):
    soa = [line.split()[0] for line in authority if line.split()[2] == "SOA" and "poisoned" not in line]
    return {"rcode": rcode, "answer": sorted(answer), "soa": "".join(soa)}
