"""What must never become a tag, held by phrases of shelves in two languages, in the ways that shops write them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.records import Item
from tradewind.errors import ConfigError
from tradewind.settings.sensitive import TOPICS, default_sensitivity

WORDS = default_sensitivity()
PHRASES = {
    "health": """
        Health & Beauty|Healthcare|Medicines|Over-the-counter (OTC)|Prescription drugs|Pharmacy|ANALGESICS
        ADULT ANALGESICS|Cold and Flu|COUGH SYRP/LOZNG-DRP/XPCTRNT|Pain relief gel|Headache tablets|Antacids
        LAXATIVES|Anti-diarrhoeal|SINUS AND ALLERGY|Allergy relief|Asthma inhalers|Diabetic socks
        Blood-pressure monitors|Glucose monitor strips|Cholesterol test|Cancer support|Arthritis gloves
        FIRST AID PRODUCTS|Bandages|Hearing aids|ADULT INCONTINENCE|Wheelchairs|Orthopaedic shoes
        Depression self-help books|Sleep aids|Smoking cessation|Nicotine gum|HIV home test|Eczema cream
        Vitamins|Dietary supplements|Weight-loss tea|Slimming belts|Gluten free bread|COVID-19 tests
        Denture care|Contact lenses|Medicated shampoo|N-PRESC HEARING AID BATTERIES|医疗器械|处方药|感冒药
        止咳糖浆|止痛片|胃药|过敏药|糖尿病食品|血糖仪|血压计|维生素C|营养补充剂|减肥茶|成人纸尿裤|助听器
        轮椅|抑郁自评|失眠枕|戒烟贴|保健品|中成药|創可貼|藥品|醫療用品|隐形眼镜|假牙清洁片|新冠检测""",
    "pregnancy": """
        Pregnancy tests|PREGNANT WOMEN PILLOW|Prenatal yoga|Maternity wear|Expecting mothers|Ovulation kit
        Fertility monitor|Birth control|Contraceptives|Breast pumps|Breastfeeding covers|Nursing bras
        Folic acid|IVF guide|Mom-to-be gifts|孕妇装|孕婦裝|备孕|驗孕棒|验孕棒|产后护理|待产包|吸奶器
        哺乳内衣|叶酸片|避孕药|月子鞋|排卵试纸|孕期营养""",
    "religion": """
        Religious books|Christian music|Catholic rosaries|Bibles|BAPTISM CARDS|First communion gifts
        Crucifixes|Islamic art|Muslim fashion|Qur'an|Prayer mats|Halal meat|Hijabs|Ramadan dates|Eid gifts
        Jewish holidays|KOSHER FOODS|Torah covers|Hanukkah candles|Passover matzo|Buddhist statues
        Hindu puja sets|Diwali lamps|Easter eggs|CHRISTMAS SEASONAL|Lent fish specials|宗教用品|圣经|聖經
        十字架项链|佛珠手串|佛像|拜佛香|清真食品|穆斯林服饰|斋月|古兰经|祈祷毯|犹太教|道教|圣诞树|观音摆件
        基督教书籍""",
    "sex": """
        Sexual wellness|Sex toys|Condoms|Personal lubricants|Vibrators|Erotic books|Adult toys|Lingerie
        Erectile support|Gay pride|Lesbian fiction|LGBTQ+|FEMININE HYGIENE|FEM. HYGN. TAMPONS|Sanitary pads
        Panty liners|Menstrual cups|Period underwear|Menopause support|Testosterone booster
        Gender neutral gifts|情趣用品|成人用品|避孕套|安全套|润滑液|卫生巾|衛生棉|月经杯|痛经贴|更年期
        私处护理|同性|壮阳|性感内衣""",
    "minors": """
        Baby food|BABY DIAPERS|Infant formula|Newborn gifts|Toddler shoes|Nursery furniture
        Diapers & disposables|Nappies|Baby-wipes|Pacifiers|Strollers|KIDS CEREAL|Kids' shoes
        Children's books|CHILDRENS LOW END|Teen fashion|Youth sports|Pre-school games|School uniforms
        STATIONERY & SCHOOL SUPPLIES|Back-to-school|TOYS AND GAMES|Boys' coats|Girls' dresses
        Student laptops|婴儿湿巾|嬰兒用品|宝宝辅食|新生儿礼盒|儿童玩具|兒童書|童装|幼儿园书包|中学教辅
        青少年运动鞋|学生文具|奶粉|奶瓶|纸尿裤|母婴用品|男童外套|女孩裙子|积木玩具""",
}
HARMLESS = """
        Green tea|Red wine|Menu boards|Cotton towels|Personal computers|Lentils|Templeton rye|Manchego
        Parmesan|Season salt|Frozen pizza|Menthol-free gum|Sonos speakers|Olive oil|Laundry detergent
        Running shoes|Garden tools|Otters in art|Lead-free glass|Rxbar-like snacks|Blender|Eiderdown
        Sonata recordings|Boyle brand kettles|Medley of nuts|绿茶|红酒|毛巾|橄榄油|洗衣液|跑步鞋|冷冻披萨
        咖啡机|蜂蜜|台灯|啤酒|大米|登山包"""


def lines(block: str) -> list[str]:
    return [phrase.strip() for row in block.splitlines() for phrase in row.split("|") if phrase.strip()]


ALL = [(topic, phrase) for topic, block in PHRASES.items() for phrase in lines(block)]


def test_there_are_many_phrases_of_every_topic_in_both_languages() -> None:
    assert set(PHRASES) == set(TOPICS) and len(ALL) > 220
    for topic in TOPICS:
        chinese = [p for t, p in ALL if t == topic and any("一" <= letter <= "鿿" for letter in p)]
        assert len(chinese) >= 13


@pytest.mark.parametrize(("topic", "phrase"), ALL, ids=[phrase for _, phrase in ALL])
def test_a_sensitive_phrase_is_held_back_however_it_is_written(topic: str, phrase: str) -> None:
    full_width = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in phrase)
    accented = unicodedata.normalize("NFKD", phrase)
    for written in (phrase, phrase.upper(), phrase.lower(), full_width, accented, f"Sale: {phrase}, 20 % off"):
        assert WORDS.topic(written) is not None
        assert not WORDS.allows(written)
    assert WORDS.of_item(Item("1", "thing", category=("Shop", phrase))) is not None
    assert WORDS.of_item(Item("1", phrase)) is not None
    assert WORDS.readable_path(("Shop", phrase)) is None


@pytest.mark.parametrize("phrase", lines(HARMLESS))
def test_a_harmless_phrase_passes(phrase: str) -> None:
    assert WORDS.topic(phrase) is None and WORDS.allows(phrase)


def test_spaces_between_chinese_letters_hide_nothing() -> None:
    assert WORDS.topic("孕 妇 装") == "pregnancy" and WORDS.topic("卫·生·巾") == "sex"


def test_an_audience_is_cut_off_a_category_and_makes_no_tag_of_its_own() -> None:
    assert WORDS.readable_path(("Women's", "Dresses", "Evening")) == ("Dresses", "Evening")
    assert WORDS.readable_path(("服装", "男装", "衬衫")) == ("服装", "衬衫")
    assert not WORDS.allows("Men") and not WORDS.allows("Ladies' fashion") and WORDS.topic("Women's dresses") is None


def test_attributes_are_read_as_well() -> None:
    assert WORDS.of_item(Item("1", "Gel", attributes={"for": "pregnant women"})) == "pregnancy"


def test_a_shop_adds_words_and_loses_none() -> None:
    more = WORDS.extended({"health": ["gripe water", "头皮护理"]})
    assert more.topic("Gripe-water 50 ml") == "health" and more.topic("头皮护理液") == "health"
    assert WORDS.topic("Gripe-water 50 ml") is None and more.topic("Pharmacy") == "health"
    with pytest.raises(ConfigError, match="astrology"):
        WORDS.extended({"astrology": ["leo"]})


@given(st.text(max_size=60), st.sampled_from([phrase for _, phrase in ALL]))
def test_words_around_a_sensitive_phrase_never_free_it(around: str, phrase: str) -> None:
    assert WORDS.topic(f"{around} / {phrase} / {around}") is not None
