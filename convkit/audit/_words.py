"""Words that mean something by themselves, so that meeting one alone does not betray a person of that name.

Clinical and protocol words, eponyms, given names and surnames that are English words, and the words that names of
institutions have in common. A name among them counts only where something else says that it is a name.
"""

from __future__ import annotations

_CLINICAL = """
abdomen abdominal abnormal abnormality acquisition acute adrenal adult aligned angio angiogram angiography angle ankle
annotation anonymous anonymized anterior aorta apical approved arterial artery artifact ascending attenuation average
axial back biopsy bladder blood body bolus bone brain breast breath bronchus calcium cardiac carotid cavity cervical
chamber chest children chronic clear clip coil colon complete contour contrast coronal coronary cortex cranial crown
current cyst dense density derived descending detail detector device diagnosis diagnostic diffusion digital disease
display distal dorsal dose dual dynamic echo elbow emergency enhanced evaluation exam examination exposure extremity
face false fast field filter finding findings fine finger first flair flow follow foot fracture frame free frontal
full fusion gate gated general gland graft grid hand head heart helical hepatic high hip hold iliac image images
impression infant inferior injection inspiration intensity internal isotropic joint kernel kidney knee large lateral
left lesion level lever limb line liver localizer long lower lumbar lung lymph major male mammo marker marrow mask
mass maximum mean measured measurement medial median mediastinum metal method middle minimum minor mobile modality
monitor motion mouth multi muscle myocardial nasal neck negative nerve node nodule noise none normal oblique obliq
ocular operator optical orbit organ other outside ovary overlay palm pancreas parallel patient pelvic pelvis perfusion
phantom phase physician pilot plain plan plane planning plaque plus portable portal position positive post posterior
prior private process projection prone prostate protocol proximal pulmonary pulse quality quick radial rapid recon
reconstruction region regular removed renal report request respiratory rest result right sagittal scan scanner scout
screen screening secondary segment segmentation sequence series shoulder side sinus skin skull slice small soft space
spin spine spleen standard static stomach stress structure study subject summary superior supine supplement surgery
survey system target technique temporal test thigh thorax throat thyroid time tissue tomography tongue tooth total
trace tracer trans transverse trauma treatment tumor tumour ultrasound unit unknown upper upright uptake ureter uterus
valve vascular vein velocity venous ventral ventricle vertebra vessel view viewer volume water wave weighted whole
wide window wrist zone sample simple block column columns row rows card storage coding scheme vivo admitted
appointment arrival call called date department doctor family given hospital kin lives female name nurse phone
previous prefer referred referring repeated seen sent told visit ward wife husband mother father routine neoplasm
primary investigators
"""

_EPONYMS = """
achilles addison alzheimer baker barrett barton bell bennett boehler broca burkitt chance charcot chiari colles conn
cooper crohn cushing dixon doppler down ewing fallot fowler fourier gauss gibbs gleason graves hahn hall harris
hashimoto hill hirschsprung hodgkin hounsfield huntington jefferson jones judet kaposi kellgren kerley lauge lawrence
lewy libman lister lyme marfan may mayer meckel menetrier merkel merchant monteggia morton murphy osgood paget
parkinson paul perthes pick pott prinzmetal ramsay raynaud reiter richter rotterdam sachs schatz schmorl sharp sims
smith stanford stokes swift sylvian takayasu tanner thurner towne townes turner waters watson weber wernicke wilms
wilson zenker hamming hanning shepp logan butterworth gaussian sobel laplace radon feldkamp
"""

_MAKERS = """
siemens philips toshiba
canon hologic fuji fujifilm agfa carestream kodak konica minolta hitachi varian elekta accuray shimadzu samsung mindray
esaote bruker neusoft acuson marconi picker elscint medison sonosite brainlab imatron fischer lorad sedecal swissray
ziehm planmeca sirona zeiss heidelberg topcon nidek olympus pentax stryker medtronic nucletron hamamatsu leica aperio
barco sectra terarecon mevis vidar
"""

_NAMES_THAT_ARE_WORDS = """
april august autumn banks barber baron bass bath beach bean bear bell berry best bill bird bishop black blair blake
bond booth bowl bowman boyle bradley branch brand brandy bray brewer bridges bright brook brooks brown bruce bull burn
burns bush butcher butler cain camp cane cannon cannula carol carpenter carter cash castle cedar chance chandler
chapel chase cherry christian church clay clayton cliff cloud coast cole coleman collier college colon cone conway
cook cooper corn cotton cox craft crane cross crystal dale daisy daniel dawn day dean dick dillon disc dove drake drew
duke dunn dyer early east eden ellis faith farmer farm felt field finch fish fisher flag flint flood flora florence
flowers floyd forbes ford forest fork foster fountain fowl fox frank franklin freeman friend frost gale garden gay
gene gill glass glen glenn gold golden good goodman grace grant grass gray green grey grove guy hale hall ham hardy
harp hart harvest hawk hay hazel head heath heather henry herb hick hill hinton holiday holly holmes hood hook hope
horn house hunt hunter hurst iris ivory ivy jack jade jasmine jay jewel john joy june justice kent king kirk knight
lake lamb lance lane lang lark law lawn lewis lily lincoln little lock long love low lucky lynn major mark marsh
marshall martin mary mason mass may meadows mercer mercy merry mile miles mill miller mills mint misty monday moody
moon moore morgan moss mount myrtle nelson new newton noble north norton oak olive owl owens page paige park parker
parks parson parsons patience paul payne peace peach pearl penny perch perry petty pierce pike pine pitt plant plum
pool poole pope porter potter potts power powers price prince quick rain ramp randy ray read reed reese rice rich
rider ring rivers road robin robust rock rocky roger root rose rosemary ross rowe roy ruby rush russell ruth sage salt
sand sandy savage sawyer scott seal sears self sharp shepherd sherry shields short silver simple singer skinner sky
slater sloan small smart smith snow song south spark sparks spear spring springs stanton star stark steel steele
stephen sterling stone storm strong stout street summer summers sunny swan sweet swift tailor tanner taylor temple
terry thorn thomas tide tower towers town trace travis trinity troy tucker turner tyler valley van vance victor
victoria view vine violet virgin walker wall waller walls walsh walton ward warner warren waters watts way weaver webb
webster weeks welch well wells west wheel wheeler white wild wiley will williams willow wills wilson winter winters
wise wolf wolfe wood woodard woods wood worth wren wright yard york young
"""

_INSTITUTIONAL = """
academic associates association board campus cancer cardiology care center centers centre centro chirurgie children
childrens city clinic clinica clinical clinique clinics college community consultants county department dept
diagnostic district emergency facility foundation general group health healthcare heart hopital hospital hospitals
hospitalier imaging institut institute institution klinik klinikum krankenhaus laboratory medical medicine memorial
methodist mount municipal national north northern nuclear oncology orthopedic outpatient partners pediatric physicians
practice presbyterian private providence public radiology radiologie regional rehabilitation research saint santa
school science sciences service services site south southern specialists specialty state surgery surgical system
systems teaching the trust unit united univ universitaire universitat university veterans ward west western women
womens radiation therapy development software hospitals mri ct pet scanner division section office services our
headquarters avenue boulevard building court drive east floor highway lane place plaza road room route square street
suite tower way here name
"""

_PSEUDONYMS = """
admin administrator anon anonym anonymised anonymize anonymized anonymous clinical confidential de-identified default
deidentified deleted dummy empty enter hidden n/a na name nn no nobody none null observer operator patient person
phantom physician private pseudonym redacted removed research service sub subj subject system technician technologist
test unknown unnamed user verifying withheld xxx xxxx
"""

_STREETS = """
alley avenue bayou bend boulevard branch bridge brook bypass canyon causeway circle cliff corner course court cove
creek crescent crest crossing curve dale drive estate estates expressway extension falls ferry field fields flat ford
fords forest forge fork forks freeway garden gardens gateway glen green grove harbor haven heights highway hill hills
hollow inlet island islands isle junction key keys knoll knolls lake lakes landing lane loop mall manor meadow meadows
mews mill mills mission motorway mount mountain orchard oval overpass park parks parkway pass passage path pike pine
pines place plain plains plaza point points port prairie radial ramp ranch rapid rapids rest ridge ridges river road
roads route row run shoal shore shores skyway spring springs spur square station stravenue stream street streets
summit terrace throughway trace track trafficway trail tunnel turnpike underpass union valley valleys via viaduct view
views village villages ville vista walk walks wall way ways well wells strasse straße weg platz allee rue calle via
ulica
"""

MEANINGFUL = frozenset(_CLINICAL.split())
"""Words that reports and protocols use for what they mean."""

MONTHS = frozenset({"april", "may", "june", "july", "august", "march"})
"""Months that are names as well."""

MAKERS = frozenset(_MAKERS.split())
"""Names of those who make devices."""

EPONYMS = MAKERS | frozenset(_EPONYMS.split())
"""Names that stand for a disease, a method or a maker."""

ORDINARY = MEANINGFUL | EPONYMS | frozenset(_NAMES_THAT_ARE_WORDS.split())
"""Words that may stand in a text without meaning a person."""

INSTITUTIONAL = MEANINGFUL | frozenset(_INSTITUTIONAL.split())
"""Words that do not tell one institution or address from another."""

STREETS = frozenset(_STREETS.split())
"""Words that end the name of a street: Publication 28 of the United States Postal Service, C1, and some of Europe."""

PSEUDONYMS = frozenset(_PSEUDONYMS.split())
"""Words that stand in the place of a name."""


def is_ordinary(word: str) -> bool:
    """True where a word has a meaning besides being somebody's name."""
    return word.casefold() in ORDINARY
