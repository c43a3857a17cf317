"""torchvision's sets of photographs of many sizes, which are brought to squares of one size that can be chosen."""

from __future__ import annotations

from .datasets import DATASETS, SIDE, Dataset


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.replace("\n", " ").strip().split("; "))


FLOWERS = _names("""
pink primrose; hard-leaved pocket orchid; canterbury bells; sweet pea; english marigold; tiger lily; moon orchid; bird of paradise; monkshood; globe
thistle; snapdragon; colt's foot; king protea; spear thistle; yellow iris; globe-flower; purple coneflower; peruvian lily; balloon flower; giant white
arum lily; fire lily; pincushion flower; fritillary; red ginger; grape hyacinth; corn poppy; prince of wales feathers; stemless gentian; artichoke;
sweet william; carnation; garden phlox; love in the mist; mexican aster; alpine sea holly; ruby-lipped cattleya; cape flower; great masterwort; siam
tulip; lenten rose; barbeton daisy; daffodil; sword lily; poinsettia; bolero deep blue; wallflower; marigold; buttercup; oxeye daisy; common
dandelion; petunia; wild pansy; primula; sunflower; pelargonium; bishop of llandaff; gaura; geranium; orange dahlia; pink-yellow dahlia; cautleya
spicata; japanese anemone; black-eyed susan; silverbush; californian poppy; osteospermum; spring crocus; bearded iris; windflower; tree poppy;
gazania; azalea; water lily; rose; thorn apple; morning glory; passion flower; lotus; toad lily; anthurium; frangipani; clematis; hibiscus; columbine;
desert-rose; tree mallow; magnolia; cyclamen; watercress; canna lily; hippeastrum; bee balm; ball moss; foxglove; bougainvillea; camellia; mallow;
mexican petunia; bromelia; blanket flower; trumpet creeper; blackberry lily
""")
PETS = _names("""
Abyssinian; American Bulldog; American Pit Bull Terrier; Basset Hound; Beagle; Bengal; Birman; Bombay; Boxer; British Shorthair; Chihuahua; Egyptian
Mau; English Cocker Spaniel; English Setter; German Shorthaired; Great Pyrenees; Havanese; Japanese Chin; Keeshond; Leonberger; Maine Coon; Miniature
Pinscher; Newfoundland; Persian; Pomeranian; Pug; Ragdoll; Russian Blue; Saint Bernard; Samoyed; Scottish Terrier; Shiba Inu; Siamese; Sphynx;
Staffordshire Bull Terrier; Wheaten Terrier; Yorkshire Terrier
""")
FOOD = _names("""
apple pie; baby back ribs; baklava; beef carpaccio; beef tartare; beet salad; beignets; bibimbap; bread pudding; breakfast burrito; bruschetta; caesar
salad; cannoli; caprese salad; carrot cake; ceviche; cheese plate; cheesecake; chicken curry; chicken quesadilla; chicken wings; chocolate cake;
chocolate mousse; churros; clam chowder; club sandwich; crab cakes; creme brulee; croque madame; cup cakes; deviled eggs; donuts; dumplings; edamame;
eggs benedict; escargots; falafel; filet mignon; fish and chips; foie gras; french fries; french onion soup; french toast; fried calamari; fried rice;
frozen yogurt; garlic bread; gnocchi; greek salad; grilled cheese sandwich; grilled salmon; guacamole; gyoza; hamburger; hot and sour soup; hot dog;
huevos rancheros; hummus; ice cream; lasagna; lobster bisque; lobster roll sandwich; macaroni and cheese; macarons; miso soup; mussels; nachos;
omelette; onion rings; oysters; pad thai; paella; pancakes; panna cotta; peking duck; pho; pizza; pork chop; poutine; prime rib; pulled pork sandwich;
ramen; ravioli; red velvet cake; risotto; samosa; sashimi; scallops; seaweed salad; shrimp and grits; spaghetti bolognese; spaghetti carbonara; spring
rolls; steak; strawberry shortcake; sushi; tacos; takoyaki; tiramisu; tuna tartare; waffles
""")
SHAPE = (3, SIDE.default, SIDE.default)
BREEDS = "Parkhi, Vedaldi, Zisserman & Jawahar 2012, Cats and Dogs"

for _dataset in (
    Dataset("flowers102", "Flowers-102", SHAPE, FLOWERS, 2040, 6149, 345,
            "8,189 photographs of 102 kinds of flowers that grow in the United Kingdom, brought to squares of one size. Its training and validation photographs, ten of each kind "
            "each, are the training part.", "Nilsback & Zisserman 2008, Automated flower classification over a large number of classes",
            "torchvision.datasets.Flowers102", resized=True),
    Dataset("oxford-iiit-pet", "Oxford-IIIT Pet", SHAPE, PETS, 3680, 3669, 811,
            "7,349 photographs of cats and dogs of 37 breeds, about 200 each, brought to squares of one size.", BREEDS, "torchvision.datasets.OxfordIIITPet", resized=True),
    Dataset("oxford-iiit-pet-masks", "Oxford-IIIT Pet, masks", SHAPE, ("pet", "background", "border"), 3680, 3669, 811,
            "The same 7,349 photographs with a mask each: which pixels are the pet, which are not, and which lie between.", BREEDS,
            "torchvision.datasets.OxfordIIITPet", task="segmentation", resized=True),
    Dataset("food101", "Food-101", SHAPE, FOOD, 75_750, 25_250, 4997,
            "101,000 photographs of 101 dishes, 750 of each for training, which were not cleaned: some have strong colours or a wrong name. Brought to squares of one size.",
            "Bossard, Guillaumin & Van Gool 2014, Food-101: Mining discriminative components with random forests", "torchvision.datasets.Food101", resized=True),
):
    DATASETS.register(_dataset, _dataset.name)
