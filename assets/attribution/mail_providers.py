"""Mail providers by the country where most of their users are, and those that have no such country.

A free address says less than an institution's, so it is evidence of its own kind. Providers used
all over the world (gmail.com, outlook.com, icloud.com, proton.me …) are under generic domains and
need no entry; those of them under a country's domain are in `WORLDWIDE`.
"""

# By registrable domain.
_PROVIDERS = {
    "AR": "arnet.com.ar ciudad.com.ar fibertel.com.ar",
    "AT": "aon.at chello.at gmx.at",
    "AU": "bigpond.com bigpond.net.au iinet.net.au optusnet.com.au tpg.com.au",
    "BE": "proximus.be skynet.be telenet.be",
    "BG": "abv.bg mail.bg",
    "BR": "bol.com.br globo.com ig.com.br r7.com terra.com.br uol.com.br",
    "BY": "tut.by yandex.by",
    "CA": "rogers.com shaw.ca sympatico.ca telus.net videotron.ca",
    "CH": "bluewin.ch gmx.ch hispeed.ch sunrise.ch",
    "CN": (
        "126.com 139.com 163.com 163.net 188.com 189.cn 21cn.com 263.net aliyun.com eyou.com "
        "foxmail.com qq.com sina.cn sina.com sina.com.cn sohu.com tom.com wo.cn yeah.net"
    ),
    "CZ": "atlas.cz centrum.cz email.cz post.cz seznam.cz volny.cz",
    "DE": ("arcor.de freenet.de gmx.de gmx.net online.de posteo.de posteo.net t-online.de web.de"),
    "DK": "mail.dk",
    "EE": "hot.ee mail.ee",
    "ES": "telefonica.net terra.es",
    "FI": "elisanet.fi iki.fi kolumbus.fi luukku.com",
    "FR": (
        "aliceadsl.fr bbox.fr club-internet.fr free.fr laposte.net neuf.fr numericable.fr "
        "orange.fr sfr.fr wanadoo.fr"
    ),
    "GB": (
        "blueyonder.co.uk btinternet.com ntlworld.com sky.com talktalk.net tiscali.co.uk "
        "virginmedia.com"
    ),
    "GR": "otenet.gr",
    "HK": "netvigator.com",
    "HU": "citromail.hu freemail.hu",
    "IE": "eircom.net",
    "IL": "012.net.il netvision.net.il walla.co.il walla.com",
    "IN": "rediffmail.com",
    "IT": "alice.it email.it libero.it tin.it tiscali.it virgilio.it",
    "JP": (
        "biglobe.ne.jp docomo.ne.jp excite.co.jp ezweb.ne.jp nifty.com softbank.jp softbank.ne.jp"
    ),
    "KR": "daum.net hanmail.net hanmir.com kakao.com nate.com naver.com",
    "KZ": "yandex.kz",
    "LV": "inbox.lv",
    "NL": "hetnet.nl home.nl kpnmail.nl planet.nl upcmail.nl xs4all.nl ziggo.nl",
    "NO": "online.no",
    "NZ": "xtra.co.nz",
    "PL": (
        "gazeta.pl interia.eu interia.pl o2.pl onet.eu onet.pl op.pl poczta.fm tlen.pl vp.pl wp.pl"
    ),
    "PT": "iol.pt sapo.pt",
    "RU": "bk.ru inbox.ru internet.ru list.ru mail.ru rambler.ru ya.ru yandex.ru",
    "SE": "bredband.net comhem.se telia.com",
    "SK": "azet.sk centrum.sk post.sk zoznam.sk",
    "TR": "mynet.com",
    "TW": "hinet.net pchome.com.tw seed.net.tw",
    "UA": "bigmir.net i.ua meta.ua ukr.net yandex.ua",
    "US": (
        "att.net bellsouth.net charter.net comcast.net cox.net earthlink.net frontier.com "
        "optonline.net sbcglobal.net verizon.net"
    ),
}
COUNTRY_OF = {domain: iso2 for iso2, domains in _PROVIDERS.items() for domain in domains.split()}

# Brands whose address under a country's domain is that country's edition: hotmail.fr, yahoo.co.jp.
NATIONAL_BRANDS = frozenset({"hotmail", "live", "msn", "outlook", "rocketmail", "yahoo", "ymail"})

# Under a country's domain, yet used all over the world.
WORLDWIDE = frozenset({"elude.in", "kolabnow.ch", "protonmail.ch", "tutanota.de"})
