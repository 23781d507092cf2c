"""Employers that people name and the domains of their addresses, by country.

The institutions are real, for the platform reads real names only; the people are invented.
"""

from __future__ import annotations

#: Company texts as profiles have them, by country of the employer's seat.
EMPLOYERS = {
    "AU": ("Atlassian", "@canva", "University of Melbourne"),
    "BR": ("Nubank", "@globocom", "iFood"),
    "CA": ("@Shopify", "University of Toronto", "University of Waterloo"),
    "CH": ("ETH Zurich", "EPFL", "CERN"),
    "CN": ("Tencent", "@alibaba", "Tsinghua University", "华为", "ByteDance", "Peking University"),
    "DE": ("SAP", "@zalando", "Technical University of Munich"),
    "ES": ("BBVA", "@Telefonica", "Universitat Politècnica de Catalunya"),
    "FR": ("Inria", "@criteo", "Sorbonne University"),
    "GB": ("University of Oxford", "@bbc", "Arm"),
    "HK": ("HKUST", "The Chinese University of Hong Kong", "Oursky"),
    "IL": ("Technion", "@wix", "Check Point"),
    "IN": ("Infosys", "IIT Bombay", "@Flipkart", "Tata Consultancy Services"),
    "IT": ("Politecnico di Milano", "@arduino", "University of Bologna"),
    "JP": ("The University of Tokyo", "@cookpad", "株式会社メルカリ", "Fujitsu"),
    "KR": ("NAVER Corp", "@kakao", "KAIST", "삼성전자"),
    "NL": ("ASML", "@bookingcom", "TU Delft"),
    "PL": ("@allegro", "University of Warsaw", "AGH University of Science and Technology"),
    "RU": ("@yandex", "Kaspersky", "MIPT"),
    "SE": ("@spotify", "Ericsson", "KTH"),
    "SG": ("National University of Singapore", "@grab", "Shopee"),
    "TR": ("@Trendyol", "Boğaziçi University", "Middle East Technical University"),
    "TW": ("National Taiwan University", "ASUS", "聯發科"),
    "UA": ("SoftServe", "@MacPaw", "Kyiv Polytechnic Institute"),
    "US": ("Google", "@microsoft", "Stanford University", "Meta", "NVIDIA", "MIT"),
    "VN": ("FPT Software", "@tikivn", "VNG Corporation"),
}
#: Employers whose seat says nothing about where their people are.
MULTINATIONALS = ("@google", "Microsoft", "@aws", "IBM", "Intel", "Oracle")

#: Domains of addresses that say where somebody is: employers', universities', mail providers'.
DOMAINS = {
    "AU": ("student.unimelb.edu.au", "anu.edu.au", "csiro.au", "bigpond.com"),
    "BR": ("usp.br", "dcc.ufmg.br", "nubank.com.br", "uol.com.br"),
    "CA": ("cs.toronto.edu", "uwaterloo.ca", "shopify.com", "rogers.com"),
    "CH": ("inf.ethz.ch", "epfl.ch", "cern.ch", "bluewin.ch"),
    "CN": (
        "qq.com", "163.com", "qq.com", "163.com", "foxmail.com", "126.com",
        "mails.tsinghua.edu.cn", "pku.edu.cn", "alibaba-inc.com", "huawei.com", "tencent.com",
    ),
    "DE": ("tum.de", "informatik.uni-freiburg.de", "sap.com", "web.de", "gmx.de"),
    "ES": ("upc.edu", "fi.upm.es", "bsc.es", "telefonica.com"),
    "FR": ("inria.fr", "ens.fr", "polytechnique.edu", "free.fr", "laposte.net"),
    "GB": ("cs.ox.ac.uk", "cam.ac.uk", "ed.ac.uk", "arm.com", "btinternet.com"),
    "HK": ("connect.ust.hk", "cse.cuhk.edu.hk", "hku.hk", "netvigator.com"),
    "IL": ("cs.technion.ac.il", "mail.tau.ac.il", "checkpoint.com", "walla.co.il"),
    "IN": ("cse.iitb.ac.in", "iisc.ac.in", "infosys.com", "rediffmail.com"),
    "IT": ("polimi.it", "studenti.unitn.it", "cnr.it", "libero.it"),
    "JP": ("is.s.u-tokyo.ac.jp", "kyoto-u.ac.jp", "fujitsu.com", "nifty.com"),
    "KR": ("naver.com", "naver.com", "kaist.ac.kr", "snu.ac.kr", "kakaocorp.com"),
    "NL": ("student.tudelft.nl", "cwi.nl", "asml.com", "ziggo.nl"),
    "PL": ("mimuw.edu.pl", "agh.edu.pl", "allegro.com", "wp.pl"),
    "RU": ("yandex.ru", "mail.ru", "phystech.edu", "msu.ru", "kaspersky.com"),
    "SE": ("kth.se", "student.chalmers.se", "ericsson.com", "telia.com"),
    "SG": ("comp.nus.edu.sg", "ntu.edu.sg", "grab.com", "tech.gov.sg"),
    "TR": ("metu.edu.tr", "boun.edu.tr", "trendyol.com", "mynet.com"),
    "TW": ("csie.ntu.edu.tw", "nycu.edu.tw", "mediatek.com", "ms1.hinet.net"),
    "UA": ("ukr.net", "lnu.edu.ua", "softserveinc.com", "kpi.ua"),
    "US": ("stanford.edu", "csail.mit.edu", "cs.cmu.edu", "google.com", "microsoft.com",
           "nvidia.com", "comcast.net"),
    "VN": ("hust.edu.vn", "hcmut.edu.vn", "fpt.com.vn", "vng.com.vn"),
}  # fmt: skip
#: Used all over the world.
MAIL = ("gmail.com", "gmail.com", "gmail.com", "outlook.com", "proton.me")
